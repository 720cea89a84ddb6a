package main

import (
	"fmt"
	"os"
	"strings"
)

// tokenFrom reads the token that a service wants of us from the file that a key names;
// none if it names none.
func tokenFrom(key, file string) (string, error) {
	if file == "" {
		return "", nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("%s: %w", key, err)
	}
	return strings.TrimSpace(string(text)), nil
}
