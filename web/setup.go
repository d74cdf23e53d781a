package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/qr"
	"cognito-enroll/internal/totp"
	"cognito-enroll/views"
)

// How wide the QR code is, in CSS pixels: as large as fits a phone of 320 pixels, and with the longest names still large
// enough for a camera across a desk.
const minQR, maxQR = 240, 304

func (s *Server) showSetUp(c echo.Context, f enroll.Flow) error {
	if f.Step == enroll.StepFinish {
		return s.render(c, http.StatusOK, views.FinishPage(views.Finish{Page: s.page(c, f, "finish.title", false)}))
	}
	return s.renderSetUp(c, f, nil)
}

// showKey shows the key in large print.
func (s *Server) showKey(c echo.Context, f enroll.Flow) error {
	return s.render(c, http.StatusOK, views.KeyPage(views.Key{
		Page: s.page(c, f, "setup.spell", false), Key: inFours(f.Key.Reveal()),
		Until: f.Until, Left: max(0, f.Until.Sub(s.Now())),
	}))
}

// showQR draws the QR code of the flow's key. The address is the same for everybody, the picture is the cookie's.
func (s *Server) showQR(c echo.Context, f enroll.Flow) error {
	if f.At(s.Now()) != enroll.StepScan { // a picture has no use for a redirect to a page
		return echo.ErrNotFound
	}
	if err := asPicture(c.Request()); err != nil {
		return err
	}
	picture, err := s.QR.PNG(s.uri(f))
	if err != nil {
		return fmt.Errorf("draw QR: %w", err)
	}
	c.Response().Header().Set("Content-Disposition", "inline")
	return c.Blob(http.StatusOK, "image/png", picture)
}

func (s *Server) verifyCode(c echo.Context, f enroll.Flow) error {
	form, err := readForm(c, "code", "device")
	if err != nil {
		return err
	}
	next, err := s.Enroll.Verify(c.Request().Context(), f, form["code"], form["device"])
	if onForm(c, err, enroll.WrongCode) {
		if err := s.setFlow(c, next); err != nil {
			return err
		}
		return s.renderSetUp(c, next, err)
	}
	return s.finished(c, f, next, err)
}

// anotherKey is for a key that counts no more. The page offers it when the pool has refused a code that fits.
func (s *Server) anotherKey(c echo.Context, f enroll.Flow) error {
	if _, err := readForm(c); err != nil {
		return err
	}
	next, err := s.Enroll.Again(c.Request().Context(), f)
	s.QR.Forget(s.uri(f))
	return s.moveOn(c, next, err)
}

func (s *Server) finishSetUp(c echo.Context, f enroll.Flow) error {
	if _, err := readForm(c); err != nil {
		return err
	}
	next, err := s.Enroll.Finish(c.Request().Context(), f)
	return s.finished(c, f, next, err)
}

// finished forgets the picture of a key that is no longer pending.
func (s *Server) finished(c echo.Context, before, next enroll.Flow, err error) error {
	if next.Key.IsZero() && !before.Key.IsZero() {
		s.QR.Forget(s.uri(before))
		c.Response().Header().Set("Clear-Site-Data", `"cache", "storage"`)
	}
	return s.moveOn(c, next, err)
}

func (s *Server) renderSetUp(c echo.Context, f enroll.Flow, failure error) error {
	uri, entry, now := s.uri(f), s.entry(f), s.Now()
	modules, err := s.QR.Modules(uri)
	if err != nil {
		return fmt.Errorf("measure QR: %w", err)
	}
	render, wrong := s.render, s.codeError(c, failure, entry)
	if wrong.Again { // with a form of its own, beside the one that htmx would swap
		render = s.renderWhole
	}
	return render(c, formStatus(failure != nil), views.SetUpPage(views.SetUp{
		Page:  s.page(c, f, "setup.title", failure != nil),
		Entry: entry,
		Key:   inFours(f.Key.Reveal()), URI: uri, AppleURI: s.appleURI(c, f),
		QRModules: modules, QRPixels: modules * qr.Scale(modules, minQR, maxQR),
		Until: f.Until, Left: max(0, f.Until.Sub(now)), CodeAge: now.Sub(totp.StepStart(totp.Step(now))),
		Apps:   s.Brand.Apps,
		Device: f.DeviceName,
		Error:  wrong,
	}))
}

// uri is what the app reads. The account is what the person typed to sign in: short, and known to him. Who came from
// elsewhere has the pool's own name for the account.
func (s *Server) uri(f enroll.Flow) string {
	return totp.URI(s.Brand.Issuer, f.Username, f.Key.Reveal())
}

// appleURI is the same for Apple's Passwords, which files codes under the site that they are for: "" where no device of
// Apple's asks. The device's word for what it is decides no more than which link is there.
func (s *Server) appleURI(c echo.Context, f enroll.Flow) string {
	device := c.Request().UserAgent()
	if !strings.Contains(device, "iPhone") && !strings.Contains(device, "iPad") && !strings.Contains(device, "Macintosh") {
		return ""
	}
	return "apple-" + totp.URI(s.site(f), f.Username, f.Key.Reveal())
}

// site is the host name of what people sign in to with their codes, as far as it is known.
func (s *Server) site(f enroll.Flow) string {
	if domain := s.Brand.Domain; domain != "" {
		return domain
	}
	if place, err := url.Parse(s.returnTo(f).URL); err == nil && place.Hostname() != "" {
		return place.Hostname()
	}
	return s.PublicURL.Hostname()
}

// entry is how the app lists the account.
func (s *Server) entry(f enroll.Flow) string {
	issuer, account := totp.Labels(s.Brand.Issuer, f.Username)
	return issuer + " (" + account + ")"
}

// inFours cuts a key into groups as people read and type them.
func inFours(key string) []string {
	groups := make([]string, 0, (len(key)+3)/4)
	for len(key) > 0 {
		size := min(4, len(key))
		groups, key = append(groups, key[:size]), key[size:]
	}
	return groups
}
