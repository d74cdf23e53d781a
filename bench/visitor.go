package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"cognito-enroll/internal/totp"
)

// site is where a portal has its pages.
type site struct {
	signIn, setUp, picture, verify, done string
}

var (
	ours   = site{signIn: "/sign-in", setUp: "/set-up", picture: "/set-up/qr.png", verify: "/set-up/verify", done: "/done"}
	theirs = site{signIn: "/login", setUp: "/setup", verify: "/verify", done: "/done"} // the picture is in the page
)

// visitor is a browser on its way through a portal. Its methods fail when an answer is not what a person would want.
type visitor struct {
	site
	conn    *conn
	user    string
	from    string // his address, as a proxy tells it
	cookies jar
	page    []byte // with the QR code
	last    answer
}

var (
	keyOnPage  = regexp.MustCompile(`id="key"[^>]*>([A-Z2-7 ]+)<`)
	flowOnPage = regexp.MustCompile(`name="flow" value="([0-9a-f]+)"`)
)

// ask sends a request and wants a status, and for a redirect where it leads.
func (v *visitor) ask(method, path, form, more string, status int, location string) error {
	got, err := v.conn.do(method, path, v.cookies.String(), form, more+"X-Forwarded-For: "+v.from+"\r\n")
	if err != nil {
		return err
	}
	if got.status != status || got.header.Get("Location") != location {
		return fmt.Errorf("%s %s: status %d to %q, want %d to %q: %.300s", method, path, got.status, got.header.Get("Location"), status, location, got.body)
	}
	v.cookies.take(got.header)
	v.last = got
	return nil
}

func (v *visitor) see(path string) error {
	return v.ask(http.MethodGet, path, "", "", http.StatusOK, "")
}

// enter signs in. The portal then leads to next, and has the key already; the others fetch it for their first page.
func (v *visitor) enter(next string) error {
	if err := v.see(v.signIn); err != nil {
		return err
	}
	return v.sendPassword(next)
}

func (v *visitor) sendPassword(next string) error {
	form := url.Values{"username": {v.user}, "password": {"Correct-Horse-9"}}
	return v.ask(http.MethodPost, v.signIn, form.Encode(), "", http.StatusSeeOther, next)
}

// view looks at the page with the QR code, and at the QR code.
func (v *visitor) view() error {
	if err := v.see(v.setUp); err != nil {
		return err
	}
	v.page = v.last.body
	if v.picture == "" {
		return nil
	}
	return v.see(v.picture)
}

func (v *visitor) flow() string {
	if found := flowOnPage.FindSubmatch(v.page); found != nil {
		return string(found[1])
	}
	return ""
}

// mistype sends a wrong code, as htmx does.
func (v *visitor) mistype() error {
	form := url.Values{"code": {"000000"}, "device": {"Phone"}, "flow": {v.flow()}}
	return v.ask(http.MethodPost, v.verify, form.Encode(), "HX-Request: true\r\nHX-Request-Type: partial\r\n", http.StatusUnprocessableEntity, "")
}

// finish sends the right code and sees that all is done.
func (v *visitor) finish() error {
	found := keyOnPage.FindSubmatch(v.page)
	if found == nil {
		return errors.New("no key on the page")
	}
	key, err := totp.Decode(strings.ReplaceAll(string(found[1]), " ", ""))
	if err != nil {
		return fmt.Errorf("key on the page: %w", err)
	}
	form := url.Values{"code": {totp.Code(key, totp.Step(time.Now()))}, "device": {"Phone"}, "flow": {v.flow()}}
	if err := v.ask(http.MethodPost, v.verify, form.Encode(), "", http.StatusSeeOther, v.done); err != nil {
		return err
	}
	return v.see(v.done)
}

// enroll is all of it.
func (v *visitor) enroll() error {
	if err := v.enter(v.setUp); err != nil {
		return err
	}
	if err := v.view(); err != nil {
		return err
	}
	return v.finish()
}
