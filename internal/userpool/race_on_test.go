//go:build race

package userpool_test

// raceDetector says that times measured in this run mean nothing.
const raceDetector = true
