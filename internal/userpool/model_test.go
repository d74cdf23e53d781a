package userpool_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"cognito-enroll/internal/userpool"
)

// TestModelNamesWhatTheSDKSends compares model.txt with the SDK's input types, which are generated from the service
// model: the same members, the same enums, at every depth.
func TestModelNamesWhatTheSDKSends(t *testing.T) {
	served := userpool.Operations()
	client := reflect.TypeFor[*cip.Client]()
	for name, members := range userpool.ModelInputs() {
		if _, known := served[name]; !known {
			t.Errorf("%s is in model.txt and not served", name)
		}
		method, found := client.MethodByName(name)
		if !found {
			if name != "AdminDeleteSoftwareToken" { // newer than this SDK
				t.Errorf("%s: the SDK has no such operation", name)
			}
			continue
		}
		compareMembers(t, name, method.Type.In(2).Elem(), members)
	}
	for name := range served {
		if userpool.ModelInputs()[name] == nil {
			t.Errorf("%s is served and not in model.txt", name)
		}
	}
}

func compareMembers(t *testing.T, at string, in reflect.Type, members []userpool.ModelMember) {
	t.Helper()
	names := map[string]bool{}
	for _, m := range members {
		names[m.Name] = true
		field, found := in.FieldByName(m.Name)
		if !found {
			t.Errorf("%s.%s: the SDK does not send it", at, m.Name)
			continue
		}
		kind := field.Type
		for kind.Kind() == reflect.Pointer || kind.Kind() == reflect.Slice {
			kind = kind.Elem()
		}
		if values, isEnum := kind.MethodByName("Values"); isEnum && len(m.Values) > 0 {
			var want []string
			for _, v := range reflect.New(kind).Elem().Method(values.Index).Call(nil)[0].Seq2() {
				want = append(want, v.String())
			}
			slices.Sort(want)
			if got := slices.Sorted(slices.Values(m.Values)); !slices.Equal(got, want) {
				t.Errorf("%s.%s: values %v, want %v", at, m.Name, got, want)
			}
		}
		if kind.Kind() == reflect.Struct && len(m.Members) > 0 {
			compareMembers(t, at+"."+m.Name, kind, m.Members)
		}
	}
	for i := range in.NumField() {
		if name := in.Field(i).Name; in.Field(i).IsExported() && !names[name] && !strings.HasPrefix(name, "noSmithy") {
			t.Errorf("%s.%s: the SDK sends it, model.txt does not know it", at, name)
		}
	}
}
