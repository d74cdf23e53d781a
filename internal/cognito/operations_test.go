package cognito_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cognito-enroll/internal/doctor"
)

// What the doctor tries, and the policy that it prints, is what the help desk calls: no more, no less.
func TestTheDoctorKnowsWhatTheHelpDeskCalls(t *testing.T) {
	files, err := filepath.Glob("directory*.go")
	if err != nil {
		t.Fatal(err)
	}
	var calls []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range regexp.MustCompile(`(?:client\.api\.|instead\(")([A-Z]\w+)`).FindAllStringSubmatch(string(source), -1) {
			if !slices.Contains(calls, call[1]) {
				calls = append(calls, call[1])
			}
		}
	}
	known := doctor.HelpDeskOperations()
	slices.Sort(known)
	slices.Sort(calls)
	if !slices.Equal(known, calls) {
		t.Errorf("the doctor knows %q\nthe help desk calls %q", known, calls)
	}
}
