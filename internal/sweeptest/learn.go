package sweeptest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing/iotest"
)

// members are the members of Cognito's and of our own JSON, and the fields of our forms, that hold a secret.
func members() map[string]Class {
	return map[string]Class{
		"SecretCode": Key, "Session": Session,
		"AccessToken": Token, "IdToken": Token, "RefreshToken": Token, "access_token": Token, "id_token": Token, "refresh_token": Token,
		"PASSWORD": Password, "NEW_PASSWORD": Password, "Password": Password, "PreviousPassword": Password, "ProposedPassword": Password,
		"TemporaryPassword": Password, "password": Password, "again": Password,
		"UserCode": Code, "SOFTWARE_TOKEN_MFA_CODE": Code, "SMS_MFA_CODE": Code, "EMAIL_OTP_CODE": Code, "ConfirmationCode": Code, "code": Code,
		"piece": Piece, "flow": Cookie,
	}
}

// Handler is next, and learns the secrets that pass.
func (s *Secrets) Handler(next http.Handler) http.Handler {
	return s.Pages(next, func(*http.Request, Hit) bool { return true })
}

// Pages is next, and learns the secrets that pass. Each answer is looked at at once, for those that are known by then: may
// says which it may have.
func (s *Secrets) Pages(next http.Handler, may func(*http.Request, Hit) bool) http.Handler {
	if s.idle {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, sent := teeBody(r)
		answer := &written{ResponseWriter: w}
		defer func() { // also when the connection is cut
			s.locators([]byte(r.URL.Path))
			s.learn(r.Header, sent.bytes())
			s.learn(w.Header(), answer.text.Bytes())
			s.check(r, w.Header(), answer.text.Bytes(), may)
		}()
		next.ServeHTTP(answer, asked)
	})
}

// Transport is next, and learns the secrets that pass.
func (s *Secrets) Transport(next http.RoundTripper) http.RoundTripper {
	if s.idle {
		return next
	}
	return transport{next, s}
}

type transport struct {
	next    http.RoundTripper
	secrets *Secrets
}

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	asked, sent := teeBody(r)
	answer, err := t.next.RoundTrip(asked)
	t.secrets.locators([]byte(r.URL.Path))
	t.secrets.learn(r.Header, sent.bytes())
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close() // what is wrong with it is told to whoever reads
	t.secrets.learn(answer.Header, body)
	if err == nil {
		err = io.EOF
	}
	answer.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), iotest.ErrReader(err)))
	return answer, nil
}

// CloseIdleConnections is for http.Client.
func (t transport) CloseIdleConnections() {
	if closer, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
}

// longest is how much of a body is kept: more than any page of ours has.
const longest = 1 << 20

// tee keeps what is read.
type tee struct {
	io.ReadCloser

	mu   sync.Mutex // an answer may come while the request is still being sent
	read bytes.Buffer
}

// teeBody is a request whose body is kept as it is read.
func teeBody(r *http.Request) (*http.Request, *tee) {
	if r.Body == nil || r.Body == http.NoBody {
		return r, &tee{}
	}
	t, r := &tee{ReadCloser: r.Body}, r.WithContext(r.Context()) // a copy
	r.Body = t
	return r, t
}

func (t *tee) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.read.Len() < longest {
		t.read.Write(p[:n])
	}
	return n, err
}

func (t *tee) bytes() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return bytes.Clone(t.read.Bytes())
}

// written keeps what is answered.
type written struct {
	http.ResponseWriter

	text bytes.Buffer
}

func (w *written) Write(p []byte) (int, error) {
	if w.text.Len() < longest {
		w.text.Write(p)
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (w *written) Unwrap() http.ResponseWriter { return w.ResponseWriter }

var (
	// locator is what opens a link, a hand-off or the page of "that was not me".
	locator = regexp.MustCompile(`/(?:i|handoff|not-me)/([\w-]{16,})`)

	// pieceSpoken is a piece of a link as agents read it out. Where people's names open links, a name is no secret.
	pieceSpoken = regexp.MustCompile(`^[0-9A-Z]{4}(-[0-9A-Z]{4})+$`)

	// pieceShown is one on the page of the agent who has made it.
	pieceShown = regexp.MustCompile(`<output[^>]*>([0-9A-Z]{4}(?:-[0-9A-Z]{4})+)<`)

	// flowOnPage is a form's own token, where it belongs.
	flowOnPage = regexp.MustCompile(`name="flow" value="([0-9a-f]{32})"`)
)

// learn reads the secrets in a message.
func (s *Secrets) learn(header http.Header, body []byte) {
	for _, cookie := range (&http.Request{Header: header}).Cookies() {
		s.Add(Cookie, cookie.Value)
	}
	for _, cookie := range (&http.Response{Header: header}).Cookies() {
		s.Add(Cookie, cookie.Value)
	}
	s.locators([]byte(header.Get("Location")))
	if key, isKey := strings.CutPrefix(header.Get("Authorization"), "Bearer "); isKey && len(key) >= 16 { // no word that is tried
		s.Add(PortalKey, key)
	}
	switch mime, _, _ := strings.Cut(header.Get("Content-Type"), ";"); {
	case mime == "application/x-www-form-urlencoded":
		fields, err := url.ParseQuery(string(body))
		if err != nil {
			return
		}
		for name, values := range fields {
			for _, value := range values {
				s.member(name, value)
			}
		}
	case mime == "text/html":
		s.locators(body)
		for _, token := range flowOnPage.FindAllSubmatch(body, -1) {
			s.Add(Cookie, string(token[1]))
		}
		for _, piece := range pieceShown.FindAllSubmatch(body, -1) {
			s.member("piece", string(piece[1]))
		}
	case strings.Contains(mime, "json"):
		s.locators(body)
		var value any
		if json.Unmarshal(body, &value) == nil {
			s.json("", value)
		}
	}
}

func (s *Secrets) locators(text []byte) {
	if !bytes.Contains(text, []byte("/i/")) && !bytes.Contains(text, []byte("/handoff/")) && !bytes.Contains(text, []byte("/not-me/")) {
		return // which is quicker to see
	}
	for _, found := range locator.FindAllSubmatch(text, -1) {
		s.Add(Link, string(found[1]))
	}
}

// json reads the members of a value that is called name itself.
func (s *Secrets) json(name string, value any) {
	switch value := value.(type) {
	case string:
		s.member(name, value)
	case []any:
		for _, value := range value {
			s.json(name, value)
		}
	case map[string]any:
		for name, value := range value {
			s.json(name, value)
		}
	}
}

func (s *Secrets) member(name, value string) {
	class, ok := s.members[name]
	switch {
	case !ok:
	case class == Piece && (!pieceSpoken.MatchString(value) || strings.Trim(value, value[:1]+"-") == ""): // a name, or 0000-0000
	case class == Piece:
		s.Add(class, value)
		s.Add(class, strings.ReplaceAll(value, "-", "")) // however he types it
	default:
		s.Add(class, value)
	}
}

// Settings are the portal's, NAME=value. Those whose names say so are secret, or have a secret in them.
func (s *Secrets) Settings(pairs ...string) {
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		switch name {
		case "PORTAL_SESSION_KEYS", "PORTAL_WEBHOOK_SECRETS", "OTEL_EXPORTER_OTLP_HEADERS":
			for key := range strings.SplitSeq(value, ",") {
				s.Add(PortalKey, key)
			}
		case "PORTAL_LINK_KEY", "COGNITO_CLIENT_SECRET":
			s.Add(PortalKey, value)
		case "PORTAL_SMTP_URL":
			if server, err := url.Parse(value); err == nil {
				word, _ := server.User.Password()
				s.Add(PortalKey, word)
			}
		}
	}
}
