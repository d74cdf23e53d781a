package userpool_test

import (
	"os"
	"reflect"
	"regexp"
	"strconv"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"cognito-enroll/internal/userpool"
)

// TestPackageDocListsEveryOperation holds the list in doc.go against what is served and what the SDK knows.
func TestPackageDocListsEveryOperation(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]string{}
	for _, line := range regexp.MustCompile(`(?m)^//   - (\w+): (full|partial: .+|absent)$`).FindAllStringSubmatch(string(text), -1) {
		if listed[line[1]] != "" {
			t.Errorf("%s is listed twice", line[1])
		}
		listed[line[1]] = line[2]
	}
	served := userpool.Operations()
	for name := range served {
		if listed[name] == "" || listed[name] == "absent" {
			t.Errorf("%s is served and listed as %q", name, listed[name])
		}
	}
	client := reflect.TypeFor[*cip.Client]()
	for i := range client.NumMethod() {
		name := client.Method(i).Name
		if name != "Options" && listed[name] == "" {
			t.Errorf("%s is not listed", name)
		}
	}
	for name, state := range listed {
		_, known := client.MethodByName(name)
		if _, isServed := served[name]; !isServed && (state != "absent" || !known) {
			t.Errorf("%s is listed as %q, not served, known to the SDK: %t", name, state, known)
		}
	}
}

// TestAssumptionsAreNumbered keeps the numbers that comments and discussions refer to.
func TestAssumptionsAreNumbered(t *testing.T) {
	text, err := os.ReadFile("ASSUMPTIONS.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`(?m)^\| (\d+) \|[^|]+\|[^|]+\|[^|]+\| (no|yes[^|]*) \|$`).FindAllStringSubmatch(string(text), -1)
	for i, row := range rows {
		if row[1] != strconv.Itoa(i+1) {
			t.Errorf("row %d has the number %s", i+1, row[1])
		}
	}
	if len(rows) < 20 || len(rows) != len(regexp.MustCompile(`(?m)^\| \d`).FindAll(text, -1)) {
		t.Errorf("%d rows read", len(rows))
	}
}

// The front door tells signed from unsigned operations as the SDK does: what it sends unsigned without credentials.
func TestUnsignedOperationsAreThoseOfTheModel(t *testing.T) {
	unsigned := 0
	for _, signed := range userpool.Operations() {
		if !signed {
			unsigned++
		}
	}
	if unsigned != 26 {
		t.Errorf("%d unsigned operations, want the 26 of the service model that are served", unsigned)
	}
}
