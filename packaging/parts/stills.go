package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
)

const (
	weightsFile = "node_modules/nsfwjs/dist/models/mobilenet_v2/group1-shard1of1.min.js"
	wasmFile    = "node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm"
)

// labels is what the model tells apart, in the order of its output: NSFW_CLASSES of
// nsfwjs.
var labels = []string{"drawing", "hentai", "neutral", "porn", "sexy"}

// stills is the worker that looks at stills in a visitor's browser. It fetches the model
// and the WebAssembly that runs it from beside itself, and takes them only if they are
// what was made with it.
func stills(p part) ([]file, error) {
	weights, err := weights()
	if err != nil {
		return nil, err
	}
	wasm, err := os.ReadFile(filepath.Join(source, wasmFile))
	if err != nil {
		return nil, err
	}
	model, err := modelName()
	if err != nil {
		return nil, err
	}
	about, err := json.Marshal(map[string]any{"model": model, "labels": labels})
	if err != nil {
		return nil, err
	}
	script, used, err := bundle(p.entry, map[string]any{
		"LABELS": labels, "WEIGHTS_INTEGRITY": integrity(weights), "WASM_INTEGRITY": integrity(wasm),
	})
	if err != nil {
		return nil, err
	}
	notice, err := notice(used)
	return []file{{"about.json", about}, {"stills.js", script}, {"stills.wasm", wasm}, {"weights.bin", weights}, notice}, err
}

// weightsText is how nsfwjs's package carries the weights: the one long string of a
// script.
var weightsText = regexp.MustCompile(`"[A-Za-z0-9+/]+={0,2}"`)

// weights returns the model's, as bytes: a quarter less than the string.
func weights() ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(source, weightsFile))
	if err != nil {
		return nil, err
	}
	var longest []byte
	for _, found := range weightsText.FindAll(text, -1) {
		if len(found) > len(longest) {
			longest = found
		}
	}
	if len(longest) < len(text)/2 {
		return nil, errors.New(weightsFile + " has no weights in it, in base64; the package changed")
	}
	return base64.StdEncoding.AppendDecode(nil, longest[1:len(longest)-1])
}

// modelName is the model's name, as packaging/classifier gives it.
func modelName() (string, error) {
	text, err := os.ReadFile(filepath.Join(source, "node_modules/nsfwjs/package.json"))
	if err != nil {
		return "", err
	}
	var about struct{ Version string }
	if err := json.Unmarshal(text, &about); err != nil {
		return "", err
	}
	return "nsfwjs-mobilenet_v2@" + about.Version, nil
}

// integrity is as fetch wants it (Subresource Integrity, section 3.1).
func integrity(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
