package main

import "testing"

func TestHarmless(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "",
		"spam, again":            "spam, again",
		"Grüße 👋 日本":             "Grüße 👋 日本",
		"\x1b[2J\x1b]0;title\a":  "�[2J�]0;title�",
		"a\tb\nc\rd\bE\u0085f":   "a�b�c�d�E�f",
		"\u202egnp.exe\u2066x":   "�gnp.exe�x", // written from right to left
		"a\u200bb\u00a0c\u2028d": "a�b�c�d",
		"\xff\xfe":               "��",
	} {
		if got := harmless(text); got != want {
			t.Errorf("harmless(%q) = %q, want %q", text, got, want)
		}
	}
}
