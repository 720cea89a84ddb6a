package filter

import (
	"regexp"
	"strings"
)

const (
	// platformWords are what sites where people have accounts are called.
	platformWords = "snap snapchat snapchats snp sc insta instagram ig igs kik telegram tele tg discord disc dc whatsapp whatsap wapp wa " +
		"skype facebook fb tiktok onlyfans wechat weixin viber kakao kakaotalk zangi wickr teleguard threema vk twitter"
	// providerWords are e-mail providers, without their top-level domain.
	providerWords = "gmail googlemail yahoo hotmail outlook icloud proton protonmail gmx aol yandex mail web live msn"

	platform = `(snap ?chats?|snap|snp|sc|insta ?gram|insta|igs?|kik|telegram|tele|tg|discord|disc|dc|whats ?app?|wapp|wa|` +
		`skype|facebook|fb|tiktok|onlyfans|wechat|weixin|viber|kakao(?:talk)?|zangi|wickr|teleguard|threema|vk|twitter)`
	handle = `([\pL\pN][\pL\pN_.-]{1,31})`
	of     = `(?: ?(?:id|user ?name|user|name|handle|acc(?:ount)?|tag|contact))?`
)

var (
	mailPattern = regexp.MustCompile(`[\pL\pN][\pL\pN._+-]*(?: ?@ ?|` + at + `)` + name + `(?:` + dot + name + `)+`)
	// atPattern is "foo at gmail dot com" and "foo @ gmail".
	atPattern = regexp.MustCompile(`[\pL\pN][\pL\pN._+-]*(?:(?: ?@ ?|` + at + `)(?:` + providers + `)\b| at (?:` + providers + `)(?: dot | ?\. ?| )(?:com|net|de|ru|me)\b)`)
	at        = ` ?[(\[{<] ?(?:at|@) ?[)\]}>] ?`
	providers = strings.ReplaceAll(providerWords, " ", "|")

	handlePattern = regexp.MustCompile(`(?:^|[^\pL\pN_.@])(@ ?` + handle + `)`)
	tagPattern    = regexp.MustCompile(`\b[a-z][\pL\pN_.]{1,31}#\d{4}\b`)

	// "snap: foo", "my insta is foo_99", "tg = foo"
	namedPattern = regexp.MustCompile(`\b` + platform + of + `( ?[:=>~→-]+ ?| is )@?` + handle)
	// "add me on insta foo", "hmu sc foo"
	addPattern = regexp.MustCompile(`\b(?:add|find|follow|hmu|hit|message|msg|text|dm|pm|write|contact|reach|call)\b(?: me| us| up| my)*(?: (?:on|in|at|via|@|thru|through))? ` + platform + of + `(?: is| its| it's)?[ :=>~→-]+@?` + handle)
	// "snap foo_99"
	besidePattern = regexp.MustCompile(`\b` + platform + of + `(?: me| my)? @?` + handle)
	// "foo_99 on snap"
	onPattern = regexp.MustCompile(`\b(?:i'?m|i am|its|it's|add|find|follow|name is|user ?name:?) @?` + handle + ` (?:on|at|in) ` + platform + `\b`)
)

// maxPlatforms is how many names of other sites a line may have.
const maxPlatforms = 8

// notHandles are what may stand where a handle would, in plain talk.
var notHandles = set("home work school least me you all everyone here night the uni college noon once lunch first last " +
	"please pls plz and if then so ok okay when now later maybe for to we i it but or instead too thanks thx " +
	"down better boring dead private banned broken fun great nice good bad weird cool annoying not a an my your on is in no yes " +
	"what how why where who also there this that with because bc lol haha u ur im group groups server servers call calls account story stories filter filters " +
	"only any anything something nothing none nope yeah yep idk same never always still just really very people video videos")

// findContacts adds the contact handles of the line.
func (d *finder) findContacts() {
	if d.signs&signAt != 0 || d.signs&signProvider != 0 {
		d.addAll(mailPattern, 0, 0, nil)
		d.addAll(atPattern, 0, 0, nil)
	}
	if d.signs&signPlatform != 0 {
		if len(d.platforms) > maxPlatforms { // that is no talk, and would take long to search
			d.add(contact, d.platforms[maxPlatforms], len(d.text), "")
		}
		d.addAll(namedPattern, 0, 3, func(m []string) bool {
			return m[2] != " is " && len(m[1]) > 1 && !notHandles[m[3]] || looksLikeHandle(m[3])
		})
		d.addAll(addPattern, 0, 2, func(m []string) bool { return !notHandles[m[2]] && len(m[2]) > 2 })
		d.addAll(besidePattern, 0, 2, func(m []string) bool { return looksLikeHandle(m[2]) })
		d.addAll(onPattern, 0, 1, func(m []string) bool { return looksLikeHandle(m[1]) })
	}
	if d.signs&signAt != 0 {
		d.addAll(handlePattern, 1, 2, func(m []string) bool { return isHandle(m[1], m[2]) })
	}
	if d.signs&signTag != 0 {
		d.addAll(tagPattern, 0, 0, nil)
	}
	if d.signs&(signDigits|signNumbers) != 0 {
		d.findPhones()
	}
}

// addAll adds what group whole of the pattern's matches is, where ok. Group key
// makes a contact the same again.
func (d *finder) addAll(pattern *regexp.Regexp, whole, key int, ok func(groups []string) bool) {
	text := d.text
	if len(d.platforms) > maxPlatforms {
		text = text[:d.platforms[maxPlatforms]]
	}
	for at := 0; at < len(text); {
		m := pattern.FindSubmatchIndex(text[at:])
		if m == nil {
			return
		}
		groups := make([]string, len(m)/2)
		for i := range groups {
			if m[2*i] >= 0 {
				groups[i] = string(text[at+m[2*i] : at+m[2*i+1]])
			}
		}
		start, end := at+m[2*whole], at+m[2*whole+1]
		if ok != nil && !ok(groups) {
			at = nextWord(text, start)
			continue
		}
		end = trimEnd(text, start, end)
		d.add(contact, start, end, contactKey(groups[key]))
		at = end
	}
}

// nextWord returns where the word after that at start begins.
func nextWord(text []byte, start int) int {
	for start < len(text) && !isWordByte(text[start]) {
		start++
	}
	for start < len(text) && isWordByte(text[start]) {
		start++
	}
	return start
}

// isHandle reports whether "@name" is one: "@ 5" and "@home" are places and times.
func isHandle(whole, name string) bool {
	if strings.HasPrefix(whole, "@ ") {
		return looksLikeHandle(name)
	}
	return len(name) > 2 && !notHandles[strings.TrimRight(name, ".-")] && strings.ContainsFunc(name, isLatin)
}

// looksLikeHandle reports whether a word is none of a language: it has letters,
// and digits or signs among them.
func looksLikeHandle(word string) bool {
	word = strings.Trim(word, ".-_")
	letters := strings.ContainsFunc(word, func(r rune) bool { return isLatin(r) || r >= 0x80 })
	return letters && len(word) >= 4 &&
		(strings.Contains(word, "_") || strings.ContainsAny(word, "0123456789") && len(word) >= 5 || strings.Contains(word, ".") && !strings.Contains(word, ".."))
}

// contactKey makes spellings of one handle the same.
func contactKey(text string) string {
	return strings.NewReplacer(" ", "", "@", "", "-", "", "_", "", ".", "").Replace(text)
}
