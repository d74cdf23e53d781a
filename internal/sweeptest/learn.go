package sweeptest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
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
		"piece": Link, "flow": Cookie,
	}
}

// Handler is next, and learns the secrets that pass.
func (s *Secrets) Handler(next http.Handler) http.Handler {
	return s.Pages(next, func(*http.Request, Hit) bool { return true })
}

// Pages is next, and learns the secrets that pass. Each answer is an artefact, in which only what may be there may be.
func (s *Secrets) Pages(next http.Handler, may func(*http.Request, Hit) bool) http.Handler {
	if s.idle {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request := *r
		body := &tee{ReadCloser: r.Body}
		request.Body = body
		answer := &written{ResponseWriter: w}
		defer func() { // also when the connection is cut
			s.locators([]byte(r.URL.Path))
			s.learn(r.Header, body.read.Bytes())
			s.learn(w.Header(), answer.text.Bytes())
			s.check(r, w.Header(), answer.text.Bytes(), may)
		}()
		next.ServeHTTP(answer, &request)
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
	sent := &tee{ReadCloser: http.NoBody}
	if r.Body != nil {
		sent.ReadCloser = r.Body
		r = r.WithContext(r.Context()) // a copy
		r.Body = sent
	}
	answer, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close() // what is wrong with it is told to whoever reads
	t.secrets.learn(r.Header, sent.read.Bytes())
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
	read bytes.Buffer
}

func (t *tee) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	if t.read.Len() < longest {
		t.read.Write(p[:n])
	}
	return n, err
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

// locator is what opens a link, a hand-off or the page of "that was not me".
var locator = regexp.MustCompile(`/(?:i|handoff|not-me)/([\w-]{16,})`)

// pieceSpoken is a piece of a link as agents read it out. Where people's names open links, a name is no secret.
var pieceSpoken = regexp.MustCompile(`^[0-9A-Z]{4}(-[0-9A-Z]{4})+$`)

// flowOnPage is a form's own token, where it belongs.
var flowOnPage = regexp.MustCompile(`name="flow" value="([0-9a-f]{32})"`)

// learn reads the secrets in a message.
func (s *Secrets) learn(header http.Header, body []byte) {
	for _, cookie := range (&http.Request{Header: header}).Cookies() {
		s.Add(Cookie, cookie.Value)
	}
	for _, cookie := range (&http.Response{Header: header}).Cookies() {
		s.Add(Cookie, cookie.Value)
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
	case strings.Contains(mime, "json"):
		s.locators(body)
		var object map[string]any
		if json.Unmarshal(body, &object) == nil {
			s.object(object)
		}
	}
}

func (s *Secrets) locators(text []byte) {
	for _, found := range locator.FindAllSubmatch(text, -1) {
		s.Add(Link, string(found[1]))
	}
}

func (s *Secrets) object(object map[string]any) {
	for name, value := range object {
		switch value := value.(type) {
		case string:
			s.member(name, value)
		case map[string]any:
			s.object(value)
		}
	}
}

func (s *Secrets) member(name, value string) {
	if class, ok := s.members[name]; ok && (class != Link || pieceSpoken.MatchString(value)) {
		s.Add(class, value)
		if class == Link { // however he writes it
			s.Add(class, strings.ReplaceAll(value, "-", ""))
		}
	}
}
