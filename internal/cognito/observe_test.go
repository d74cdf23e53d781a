package cognito_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every operation that this package calls is counted under its own name, not as "other".
func TestEveryOperationIsCounted(t *testing.T) {
	list, err := os.ReadFile("observe.go")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, call := range regexp.MustCompile(`\bapi\.([A-Z]\w+)\(ctx`).FindAllStringSubmatch(string(source), -1) {
			if found++; !strings.Contains(string(list), `"`+call[1]+`"`) {
				t.Errorf("%s: %s is not among the operations of observe.go", file, call[1])
			}
		}
	}
	if found < 20 {
		t.Errorf("%d calls were found", found)
	}
}
