//go:build race

package match_test

// raceDetector makes stacks larger.
const raceDetector = true
