package main

import (
	"fmt"

	"github.com/joingyd/joingyd/config"
)

// tokenFrom reads the token that a service wants of us from the file that a key names;
// none if it names none.
func tokenFrom(key, file string) (string, error) {
	if file == "" {
		return "", nil
	}
	token, err := config.LoadToken(file)
	if err != nil {
		return "", fmt.Errorf("%s: %w", key, err)
	}
	return token, nil
}
