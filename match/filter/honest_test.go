package filter

import "testing"

// honest are lines of plain talk, which pass whatever the policies are.
var honest = []string{
	"hi", "hey!", "m or f?", "asl?", "where are you from", "how old are you? im 24", "lol", "haha ok", ":)", "¯\\_(ツ)_/¯",
	"e.g. this one", "i.e. never", "etc. and so on...", "3.14", "pi is 3.14159265358979", "ok.so what do you do", "node.js is fine", "i like node.js and vue.js",
	"ok.me too", "yes.love it", "no.you", "hmm.is it?", "hello.how are you", "nice.what about you", "sure.it was.in 2019", "oui.je suis la", "si.es verdad",
	"Mr. Smith went to Washington. It was nice.", "at 5 p.m. in the U.S.A.", "the D.C. area", "wait...so you", "hm..ok", "v1.2.3 came out", "version 10.15.7",
	"it costs 10.50 or 1,000.00", "it's 12:30", "from 10:30:00 to 11:45:30", "24.11.2026 is a Tuesday", "on 2026-11-24", "born 1999 or 2000 or 2001", "the score was 3-2", "1/2 of it",
	"there are 1000000 people", "about 8 000 000 000 people", "1 2 3 4 5 6 7 8 9 10", "one two three four five six seven eight", "1234567890", "11111111111", "i have 3 cats and 2 dogs",
	"i'm in a band", "do you have snap?", "i don't have instagram", "do you use discord?", "snapchat is boring", "my insta is private", "telegram is better than whatsapp", "discord is down again",
	"add me on insta please", "add me on snap and we talk", "let's talk on telegram", "line up", "oh snap!", "it was a snap decision", "can i call you", "text me later",
	"see you @ 5", "i am @home", "@ work", "meet me at the station", "i work at google", "i work at yahoo", "i work in .net", "we use asp.net core", "i like C#", "c# 1234 lines",
	"the dot com bubble", "i worked for a dot com", "polka dot dress", "connect the dots", "and/or", "he/she", "w/o", "n/a", "24/7", "km/h", "http is a protocol", "what is https?",
	"class pass assume bass grass", "assault", "scunthorpe", "cockpit and peacock", "dickens wrote it", "push it", "shitake mushrooms", "document the analysis", "i'm queer", "let's talk about sex education", "therapist",
	"saturday in phoenix", "hot water", "is sun devil in phoenix?", "my cat's name is Mocha", "Essex and Sussex", "the title of the book", "button", "circumstances", "accumulate", "cumulative", "raccoon", "tycoon", "assassin's creed",
	"ich komme aus Köln.", "schön dich kennenzulernen", "¿de dónde eres?", "je m'appelle Zoé", "привет, как дела?", "откуда ты?", "こんにちは、元気ですか？", "你好吗", "مرحبا كيف حالك", "안녕하세요", "สวัสดีครับ", "γεια σου τι κάνεις", "здравствуйте. очень приятно",
	"A B C", "U S A", "i n d", "I love you ❤️❤️❤️", "🇩🇪 or 🇫🇷?", "🤣🤣", "x_x", "^_^", "*waves*", "_really_", "lol!!!!", "sooooo good", "nooooo", "$100", "50%", "#1 fan", "#blessed", "a*b", "f(x) = 2x", "C:\\Users", "/shrug",
	"ok. so. what. now.", "Yes.No.Maybe.", "gg wp", "nice.gg", "bye.xxx", "where do you.live", "readme.md", "main.go", "my.name", "hi.my name is anna", "im good.you?", "not bad.and you", "cool.cool",
	"do you want to play chess at noon?", "the meeting is at 192 main street", "route 66", "4 real", "gr8 m8", "l8r", "b4", "2nite", "w8 a sec", "my iq is 140", "mp3 or flac", "covid19 was bad", "windows 11",
	"say yes.me / no.me", "hello.how / what", "3/4 or 5/6", "я из Москвы.Ты?", "我来自。中国", "ok。そう", "my number is 7", "call me maybe", "100000000 views", "i have 1,234,567 points", "my birthday is 1999-12-31",
	"the 192.168 range", "a.b", "foo.bar", "x.y.z", "hi . how are you", "room #1234", "x.o.x.o", "i said no.And then", "my dog's name is Max.he is 3", "24.m.germany", "30/m/de", "5'11\"", "180cm/75kg",
	"do u have kik or snap", "give me your snap", "whats ur snap", "twitter is dead", "i work at apple.inc", "e.t. phone home", "J.R.R.Tolkien", "lol.xd", "hi.im max", "thx.bye", "call 911", "wa is a state", "my ig story",
	"what's the wifi @ starbucks", "the 1990s 2000s 2010s", "2024-2025", "0 0 0 0 0 0 0", "L O L", "Y M C A dance", "okay.cool.bye", "works.for me", "bored.wbu", "fine.thx", "germany.de", "bye.love you", "night.night", "what ?", "well ... ok", "i said : ok", "todo: //fix this", "one two three", "http", "www",
}

func strict() *Filter {
	return New(Options{Links: Reject, Contacts: Reject, Words: Reject})
}

func TestHonestLinesPass(t *testing.T) {
	f := strict()
	for _, line := range honest {
		if v := f.Check(Line{Body: line}); v.Outcome != Delivered || v.Body != line || v.Reason != NoReason {
			t.Errorf("%q: %+v; %v", line, v, show(line))
		}
	}
	if len(honest) < 60 {
		t.Errorf("%d lines", len(honest))
	}
}

// show returns what is found in a line, for a failure's text.
func show(line string) (parts []string) {
	var d finder
	for _, h := range d.find(line, DefaultWords()) {
		parts = append(parts, line[h.from:h.to])
	}
	return parts
}
