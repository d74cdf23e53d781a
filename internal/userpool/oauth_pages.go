package userpool

import (
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"strings"
)

// pageView is the plain sign-in page: one form for whatever is asked next.
type pageView struct {
	Title, Message string
	Action         string
	Session        string
	Challenge      string
	Username       string
	Key            string // of an app to set up
	Fields         []field
}

type field struct{ Name, Label, Type, Autocomplete string }

// String is the page in HTML. It is put together by hand: html/template looks methods up by name, which keeps every
// method of the AWS SDK in a binary that has both.
func (v pageView) String() string {
	var out strings.Builder
	put := func(format string, texts ...string) {
		escaped := make([]any, len(texts))
		for i, text := range texts {
			escaped[i] = html.EscapeString(text)
		}
		fmt.Fprintf(&out, format, escaped...)
	}
	put("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>%s</title></head>\n"+
		"<body><h1>%[1]s</h1>", v.Title)
	if v.Message != "" {
		put(`<p role="alert">%s</p>`, v.Message)
	}
	if v.Key != "" {
		put("\n<p>Add this key to an authenticator app: <code>%s</code></p>", v.Key)
	}
	if len(v.Fields) > 0 {
		put("\n"+`<form method="post" action="%s">`, v.Action)
		hidden := [][2]string{{"session", v.Session}, {"challenge", v.Challenge}, {"key", v.Key}}
		if v.Session != "" {
			hidden = append(hidden, [2]string{"username", v.Username})
		}
		for _, field := range hidden {
			put("\n"+`<input type="hidden" name="%s" value="%s">`, field[0], field[1])
		}
		for _, field := range v.Fields {
			put("\n"+`<p><label>%s <input name="%s" type="%s" autocomplete="%s" required></label></p>`, field.Label, field.Name, field.Type, field.Autocomplete)
		}
		put("\n<p><button>Continue</button></p></form>")
	}
	put("</body></html>\n")
	return out.String()
}

func showPage(w http.ResponseWriter, status int, view pageView) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	header.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, view.String()) // the client may have gone
}

// fieldsOf are what each challenge asks for on the page.
var fieldsOf = map[string][]field{
	"": {
		{"username", "Name", "text", "username"}, {"password", "Password", "password", "current-password"},
	},
	"NEW_PASSWORD_REQUIRED": {{"NEW_PASSWORD", "New password", "password", "new-password"}},
	"MFA_SETUP":             {{"code", "Code of the app", "text", "one-time-code"}},
	"SOFTWARE_TOKEN_MFA":    {{"SOFTWARE_TOKEN_MFA_CODE", "Code of the app", "text", "one-time-code"}},
	"SMS_MFA":               {{"SMS_MFA_CODE", "Code from the message", "text", "one-time-code"}},
	"EMAIL_OTP":             {{"EMAIL_OTP_CODE", "Code from the mail", "text", "one-time-code"}},
	"SELECT_MFA_TYPE":       {{"ANSWER", "SOFTWARE_TOKEN_MFA, SMS_MFA or EMAIL_OTP", "text", "off"}},
}

// serveAuthorize is /oauth2/authorize: GET shows the first form, POST takes each in turn. The session string of the
// challenge travels in the form; nothing is kept in the browser.
func (p *Pool) serveAuthorize(w http.ResponseWriter, r *http.Request) {
	s, fault := p.parseAuthorize(r.URL.Query())
	switch {
	case fault != nil && s.client == nil:
		showPage(w, http.StatusBadRequest, pageView{Title: "Bad request", Message: "This client or redirect address is not registered."})
		return
	case fault != nil:
		http.Redirect(w, r, s.oauth.back("error", fault.name), http.StatusFound)
		return
	}
	view := pageView{Title: "Sign in", Action: r.URL.RequestURI(), Fields: fieldsOf[""]}
	if r.Method != http.MethodPost {
		showPage(w, http.StatusOK, view)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		showPage(w, http.StatusBadRequest, pageView{Title: "Bad request"})
		return
	}
	output, err := p.signInByPage(s, r)
	if err == nil {
		err = p.persist("oauth2/authorize")
	}
	if err != nil {
		view.Message = "Something went wrong."
		if e, ok := errors.AsType[*exception](err); ok {
			view.Message = e.message
		}
		// A wrong code keeps its form, everything else begins again.
		if challenge := r.PostForm.Get("challenge"); challenge != "" && !strings.HasPrefix(view.Message, "Invalid session") {
			view.Session, view.Challenge, view.Key = r.PostForm.Get("session"), challenge, r.PostForm.Get("key")
			view.Fields, view.Username = fieldsOf[challenge], r.PostForm.Get("username")
		}
		showPage(w, http.StatusUnprocessableEntity, view)
		return
	}
	if code := output.text("Code"); code != "" {
		http.Redirect(w, r, s.oauth.back("code", code), http.StatusFound)
		return
	}
	view.Challenge, view.Session, view.Key = output.text("ChallengeName"), output.text("Session"), output.text("Key")
	view.Username = output.text("Username")
	if view.Fields = fieldsOf[view.Challenge]; view.Fields == nil {
		view.Message = "This page cannot answer the challenge " + view.Challenge + "."
	}
	showPage(w, http.StatusOK, view)
}

// signInByPage does with one form what the API operations do.
func (p *Pool) signInByPage(s signIn, r *http.Request) (object, error) {
	c := &call{p: p, name: "oauth2/authorize", input: object{}, now: p.Now()}
	return c.locked(func() (object, error) {
		username := r.PostForm.Get("username")
		output, err := c.pageStep(s, r, username)
		if err != nil {
			return nil, err
		}
		output["Username"] = username
		if output.text("ChallengeName") != "MFA_SETUP" || output.has("Key") {
			return output, nil
		}
		c.input = object{"Session": output["Session"]}
		key, err := associateSoftwareToken(c)
		if err != nil {
			return nil, err
		}
		output["Session"], output["Key"] = key["Session"], key["SecretCode"]
		return output, nil
	})
}

func (c *call) pageStep(s signIn, r *http.Request, username string) (object, error) {
	challenge, text := r.PostForm.Get("challenge"), r.PostForm.Get("session")
	if challenge == "" {
		parameters := object{"USERNAME": username, "PASSWORD": r.PostForm.Get("password")}
		if s.client.secret != "" {
			parameters["SECRET_HASH"] = s.client.secretHash(username)
		}
		return startPassword(c, s, parameters)
	}
	open, fault := c.p.openSession(text, s.client, challenge, c.now)
	if fault != nil {
		return nil, fault
	}
	if open.user == nil || open.signIn.oauth == nil {
		return nil, notAuthorized(sessionInvalid)
	}
	if challenge == "MFA_SETUP" {
		c.input = object{"Session": text, "UserCode": r.PostForm.Get("code")}
		verified, err := verifySoftwareToken(c)
		if err != nil {
			return nil, err
		}
		if open, fault = c.p.openSession(verified.text("Session"), s.client, challenge, c.now); fault != nil {
			return nil, fault
		}
		return answerSetup(c, open, object{})
	}
	responses := object{}
	for name := range r.PostForm {
		responses[name] = r.PostForm.Get(name)
	}
	respond, known := responders[challenge]
	if !known {
		return nil, invalidParameter("Challenge %s is not supported", challenge)
	}
	return respond(c, open, responses)
}
