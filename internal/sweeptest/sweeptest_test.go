package sweeptest_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"cognito-enroll/internal/dynamotest"
	"cognito-enroll/internal/postgrestest"
	"cognito-enroll/internal/sweeptest"
)

func TestMain(m *testing.M) {
	dynamotest.Main()
	code := m.Run()
	postgrestest.Stop()
	dynamotest.Stop()
	os.Exit(code)
}

// recorder hears what a sweep says of its test, and ends it when it is told to.
type recorder struct {
	testing.TB

	said     []string
	cleanups []func()
}

func (*recorder) Helper()                        {}
func (r *recorder) Errorf(form string, _ ...any) { r.said = append(r.said, form) }
func (*recorder) Failed() bool                   { return false }
func (r *recorder) Cleanup(do func())            { r.cleanups = append(r.cleanups, do) }

func (r *recorder) end() {
	for len(r.cleanups) > 0 {
		last := len(r.cleanups) - 1
		do := r.cleanups[last]
		r.cleanups = r.cleanups[:last]
		do()
	}
}

// Every class in every encoding is found where it is planted, so that finding nothing means something.
func TestEverySecretIsFound(t *testing.T) {
	t.Parallel()
	planted := 0
	for _, class := range sweeptest.Classes() {
		if class == sweeptest.Code {
			continue
		}
		secret := "Canary-of/" + strings.ReplaceAll(string(class), " ", "") + strings.Repeat("=z", len(class))
		for form, encoded := range sweeptest.Encodings(secret) {
			s := sweeptest.New(t)
			s.Add(class, secret)
			if hits := s.Find([]byte(`{"msg":"x` + encoded + `y"}`)); len(hits) == 0 || hits[0].Class != class {
				t.Errorf("%s, %s: found %v", class, form, hits)
			}
			planted++
		}
	}
	if planted != 8*8 {
		t.Errorf("%d planted, want eight encodings of all classes but codes", planted)
	}
	short := sweeptest.New(t) // the shortest there are: a piece as it is kept
	short.Add(sweeptest.Piece, "K7M2QXRT")
	for _, before := range []string{"", "x", "xx"} {
		if hits := short.Find([]byte(base64.StdEncoding.EncodeToString([]byte(before + "K7M2QXRT" + "y")))); len(hits) == 0 {
			t.Errorf("a piece behind %q in base64 is not found", before)
		}
	}
	s := sweeptest.New(t)
	s.Add(sweeptest.Code, "918273")
	for text, want := range map[string]bool{`"code":"918273"`: true, `0.918273`: false, `id=1918273`: false, "\x89PNG\r\n": true, "nothing": false} {
		if hits := s.Find([]byte(text)); (len(hits) > 0) != want {
			t.Errorf("%q: found %v", text, hits)
		}
	}
}

// Whatever passes is learnt, and found in each kind of artefact.
func TestEveryArtefactIsSwept(t *testing.T) {
	t.Parallel()
	const planted = "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLUKRSQ"
	nothing := func(*http.Request, sweeptest.Hit) bool { return false }
	for what, leave := range map[string]func(*testing.T, *sweeptest.Secrets){
		"a log":   func(_ *testing.T, s *sweeptest.Secrets) { _, _ = io.WriteString(s.Log(io.Discard), "key="+planted) },
		"a page":  func(_ *testing.T, s *sweeptest.Secrets) { page(s.Pages(answering(planted), nothing)) },
		"a title": func(_ *testing.T, s *sweeptest.Secrets) { page(s.Pages(heading(planted), nothing)) },
		"a file": func(t *testing.T, s *sweeptest.Secrets) {
			t.Helper()
			file := filepath.Join(t.TempDir(), "portal.db")
			s.Store("sqlite:" + file)
			write(t, file+"-wal", "…"+planted)
		},
		"a table of PostgreSQL": func(t *testing.T, s *sweeptest.Secrets) {
			t.Helper()
			address := postgrestest.Database(t)
			s.Store(address)
			_, rest, _ := strings.Cut(address, "search_path=")
			schema, _, _ := strings.Cut(rest, "&")
			postgrestest.Execute(t, "CREATE TABLE "+schema+".kept (what bytea)")
			postgrestest.Execute(t, "INSERT INTO "+schema+".kept VALUES ($1)", []byte(planted))
		},
		"a table of DynamoDB": func(t *testing.T, s *sweeptest.Secrets) {
			t.Helper()
			address := dynamotest.Table(t)
			s.Store(address)
			_, err := dynamotest.Client().PutItem(t.Context(), &dynamodb.PutItemInput{
				TableName: aws.String(strings.TrimPrefix(address, "dynamodb:")),
				Item: map[string]types.AttributeValue{
					"pk": &types.AttributeValueMemberS{Value: "a"}, "sk": &types.AttributeValueMemberS{Value: "b"},
					"what": &types.AttributeValueMemberB{Value: []byte(planted)},
				},
			})
			if err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			r := &recorder{TB: t}
			s := sweeptest.Of(r)
			if sweeptest.Of(r) != s {
				t.Error("one test has two sets of secrets")
			}
			page(s.Handler(answering(`{"SecretCode":"` + planted + `"}`)))
			leave(t, s)
			r.end()
			if len(r.said) != 1 {
				t.Errorf("said %q, want one word of the key", r.said)
			}
		})
	}
}

// What people and the pool say to one another is known.
func TestSecretsAreLearnt(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]sweeptest.Class{
		`[{"items":[{"piece":"K7M2-QXRT"}]}]`:                          sweeptest.Piece,
		`<output id="piece">K7M2-QXRT</output>`:                        sweeptest.Piece,
		`{"url":"https://mfa.example/i/0123456789abcdefghjkmnpqrs"}`:   sweeptest.Link,
		`{"AuthParameters":{"PASSWORD":"Correct-Horse-9"}}`:            sweeptest.Password,
		`{"AuthenticationResult":{"AccessToken":"eyJhbGciOi"}}`:        sweeptest.Token,
		`{"Session":"AYABeEXAMPLE"}`:                                   sweeptest.Session,
		`{"UserCode":"123456"}`:                                        sweeptest.Code,
		`password=Correct-Horse-9&username=ada`:                        sweeptest.Password,
		`piece=K7M2-QXRT`:                                              sweeptest.Piece,
		`<input name="flow" value="00112233445566778899aabbccddeeff">`: sweeptest.Cookie,
	} {
		mime := map[byte]string{'{': "application/x-amz-json-1.1", '[': "application/json", '<': "text/html; charset=utf-8"}[message[0]]
		if mime == "" {
			mime = "application/x-www-form-urlencoded"
		}
		sent, answered := sweeptest.New(t), sweeptest.New(t)
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(message))
		request.Header.Set("Content-Type", mime)
		sent.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.ReadAll(r.Body) })).ServeHTTP(httptest.NewRecorder(), request)
		page(answered.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", mime)
			_, _ = io.WriteString(w, message)
		})))
		carried := sweeptest.New(t)
		again := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(message))
		again.Header = request.Header
		if _, err := carried.Transport(echo{}).RoundTrip(again); err != nil {
			t.Fatal(err)
		}
		for _, s := range []*sweeptest.Secrets{sent, answered, carried} {
			if hits := s.Find([]byte(message)); len(hits) == 0 || hits[0].Class != want {
				t.Errorf("%s: found %v, want the %s", message, hits, want)
			}
		}
	}
}

// What is in the headers and the address is learnt, too, and the portal's settings.
func TestSecretsOfHeadersAndSettingsAreLearnt(t *testing.T) {
	t.Parallel()
	s := sweeptest.New(t)
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/i/0123456789abcdefghjkmnpqrs", nil)
	request.Header.Set("Authorization", "Bearer key-of-the-ticket-system")
	request.AddCookie(&http.Cookie{Name: "__Host-enroll", Value: "sealed-and-sent"})
	s.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "__Host-enroll", Value: "sealed-and-set"})
	})).ServeHTTP(httptest.NewRecorder(), request)
	s.Settings("PORTAL_SESSION_KEYS=first-session-key,second-session-key", "PORTAL_SMTP_URL=smtp://portal:word-for-mail@127.0.0.1", "PORTAL_BRAND=no secret at all")
	for text, want := range map[string]sweeptest.Class{
		"0123456789abcdefghjkmnpqrs": sweeptest.Link, "key-of-the-ticket-system": sweeptest.PortalKey, "sealed-and-sent": sweeptest.Cookie,
		"sealed-and-set": sweeptest.Cookie, "second-session-key": sweeptest.PortalKey, "word-for-mail": sweeptest.PortalKey, "no secret at all": "",
	} {
		if hits := s.Find([]byte(text)); (len(hits) == 0) != (want == "") || len(hits) > 0 && hits[0].Class != want {
			t.Errorf("%s: found %v, want the %s", text, hits, want)
		}
	}
}

// What may be somewhere is no hit there, and the rest is one. A cookie may be set, and nothing else be in it.
func TestWhatMayBeWhere(t *testing.T) {
	t.Parallel()
	r := &recorder{TB: t}
	s := sweeptest.Of(r)
	s.Add(sweeptest.Link, "0123456789abcdefghjkmnpqrs")
	s.Add(sweeptest.Piece, "K7M2-QXRT")
	s.Artefact("a mail", func() []byte { return []byte("/i/0123456789abcdefghjkmnpqrs") }, sweeptest.Link)
	links := func(_ *http.Request, hit sweeptest.Hit) bool { return hit.Class == sweeptest.Link }
	page(s.Pages(answering("0123456789abcdefghjkmnpqrs"), links))
	page(s.Pages(setting("sealed-and-set"), links))
	if len(r.said) > 0 {
		t.Errorf("what may be there is told of: %q", r.said)
	}
	page(s.Pages(answering("K7M2-QXRT"), links))
	page(s.Pages(setting("K7M2-QXRT"), links))
	s.Artefact("another mail", func() []byte { return []byte("K7M2-QXRT") }, sweeptest.Link)
	r.end()
	if len(r.said) < 3 {
		t.Errorf("said %q, want a word of each place", r.said)
	}
}

// Each test leaves its secrets for whoever looks at what the suite says.
func TestSecretsAreKept(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("PORTAL_SWEEP", folder)
	r := &recorder{TB: t}
	sweeptest.Of(r).Add(sweeptest.Password, "Correct-Horse-9")
	r.end()
	files, err := filepath.Glob(filepath.Join(folder, "secrets-*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("files %q, %v", files, err)
	}
	line, err := os.ReadFile(files[0])
	if err != nil || !strings.Contains(string(line), `"password":["Correct-Horse-9"]`) {
		t.Errorf("kept %s, %v", line, err)
	}
}

// A store that nobody has opened is not taken for one that is clean.
func TestAStoreThatIsNotThere(t *testing.T) {
	t.Parallel()
	r := &recorder{TB: t}
	sweeptest.Of(r).Store("sqlite:" + filepath.Join(t.TempDir(), "portal.db"))
	r.end()
	if len(r.said) != 1 {
		t.Errorf("said %q", r.said)
	}
}

// echo answers what it is sent.
type echo struct{}

func (echo) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	return &http.Response{Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body))}, err
}

func page(h http.Handler) {
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)) //nolint:noctx // nothing waits
}

func answering(text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, text)
	})
}

func setting(value string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "__Host-enroll", Value: value})
	})
}

func heading(text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Title", text) })
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
