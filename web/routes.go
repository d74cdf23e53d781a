package web

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/brand"
	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/throttle"
	"cognito-enroll/static"
)

// handler answers a request of a flow that stands at one of its route's steps.
type handler func(c echo.Context, f enroll.Flow) error

// route is one row: a flow that stands elsewhere is sent to where it stands, and nothing else happens. How often its
// form may be sent is the row's limit; a GET has none, and is never counted against anybody.
type route struct {
	method, path string
	steps        []enroll.Step
	handler      handler
	limit        throttle.Rule
}

func (s *Server) routes() []route {
	at := func(steps ...enroll.Step) []enroll.Step { return steps }
	anywhere := enroll.Steps()
	free := throttle.Rule{}
	return []route{
		{http.MethodGet, "/", anywhere, s.start, free},
		{http.MethodGet, prepare, anywhere, s.showPrepare, free},
		{http.MethodGet, "/languages", anywhere, s.showLanguages, free},

		{http.MethodGet, "/sign-in", at(enroll.StepSignIn), s.showSignIn, free},
		{http.MethodPost, "/sign-in", at(enroll.StepSignIn), s.signIn, throttle.Passwords()},
		{http.MethodGet, "/line", at(enroll.StepSignIn), s.showLine, free},
		{http.MethodPost, "/line", at(enroll.StepSignIn), s.takePlace, throttle.Forms()},
		{http.MethodGet, "/sign-in/oauth", anywhere, s.startOAuth, free},
		{http.MethodGet, oauthCallback, anywhere, s.finishOAuth, free},
		{http.MethodGet, "/handoff/:locator", anywhere, s.showHandoff, free},
		{http.MethodPost, "/handoff/:locator", anywhere, s.takeHandoff, throttle.Forms()},
		{http.MethodGet, "/handoff/:locator/:account", anywhere, s.showHandoff, free},
		{http.MethodPost, "/handoff/:locator/:account", anywhere, s.takeHandoff, throttle.Forms()},
		{http.MethodGet, linkPrefix + ":locator", anywhere, s.showLink, free},
		{http.MethodPost, linkPrefix + ":locator", anywhere, s.openLink, throttle.Forms()},
		{http.MethodGet, "/not-me/:token", anywhere, s.showNotMe, free},
		{http.MethodPost, "/not-me/:token", anywhere, s.freeze, throttle.Forms()},
		{http.MethodGet, "/new-password", at(enroll.StepNewPassword), s.showNewPassword, free},
		{http.MethodPost, "/new-password", at(enroll.StepNewPassword), s.setNewPassword, throttle.Calls()},
		{http.MethodGet, "/choose", at(enroll.StepChoose), s.showChoose, free},
		{http.MethodPost, "/choose", at(enroll.StepChoose), s.chooseMethod, throttle.Calls()},
		{http.MethodGet, "/challenge", at(enroll.StepCode), s.showChallenge, free},
		{http.MethodPost, "/challenge", at(enroll.StepCode), s.answerCode, throttle.Codes()},

		{http.MethodGet, "/authenticator", at(enroll.StepReview), s.showReview, free},
		{http.MethodPost, "/authenticator/start", at(enroll.StepReview), s.startSetUp, throttle.Calls()},
		{http.MethodPost, "/authenticator/methods", at(enroll.StepReview), s.lookUpMethods, throttle.Lookups()},
		{http.MethodPost, "/authenticator/prefer", at(enroll.StepReview), s.preferMethod, throttle.Calls()},
		{http.MethodPost, "/authenticator/remove", at(enroll.StepReview), s.removeApp, throttle.Calls()},

		{http.MethodGet, "/set-up", at(enroll.StepScan, enroll.StepFinish), s.showSetUp, free},
		{http.MethodGet, "/set-up/qr.png", anywhere, s.showQR, free},
		{http.MethodGet, "/set-up/key", at(enroll.StepScan), s.showKey, free},
		{http.MethodPost, "/set-up/verify", at(enroll.StepScan), s.verifyCode, throttle.Forms()},
		{http.MethodPost, "/set-up/again", at(enroll.StepScan), s.anotherKey, throttle.Calls()},
		{http.MethodPost, "/set-up/finish", at(enroll.StepFinish), s.finishSetUp, throttle.Calls()},

		{http.MethodPost, swapPath, at(enroll.StepReview, enroll.StepScan), s.offerFlow, throttle.Forms()},
		{http.MethodPost, swapPath + "/cancel", at(enroll.StepReview, enroll.StepScan), s.keepFlow, throttle.Forms()},
		{http.MethodGet, swapPath, anywhere, s.showSwap, free},
		{http.MethodGet, continuePath, anywhere, s.showContinue, free},
		{http.MethodPost, continuePath, anywhere, s.continueHere, throttle.Forms()},
		{http.MethodGet, continuePath + "/qr.png", anywhere, s.showContinueQR, free},

		{http.MethodGet, "/done", at(enroll.StepDone), s.showDone, free},
		{http.MethodPost, "/try", at(enroll.StepDone), s.tryApp, throttle.Forms()},
		{http.MethodPost, "/sign-out", anywhere, s.signOut, throttle.Forms()},
		{http.MethodPost, "/sign-out/everywhere", at(enroll.StepReview), s.signOutEverywhere, throttle.Calls()},

		{http.MethodGet, "/forgot-password", at(enroll.StepSignIn), s.showForgotPassword, free},
		{http.MethodPost, "/forgot-password", at(enroll.StepSignIn, enroll.StepReset), s.forgotPassword, throttle.Mails()},
		{http.MethodGet, "/reset-password", at(enroll.StepReset), s.showResetPassword, free},
		{http.MethodPost, "/reset-password", at(enroll.StepReset), s.resetPassword, throttle.Codes()},
		{http.MethodGet, "/confirm", at(enroll.StepSignIn), s.showConfirm, free},
		{http.MethodPost, "/confirm", at(enroll.StepSignIn), s.confirmAccount, throttle.Codes()},
	}
}

func (s *Server) addRoutes() error {
	for _, row := range s.routes() {
		handle := s.atStep(row)
		if err := s.add(row.method, row.path, row.limit, handle); err != nil {
			return err
		}
		if row.method == http.MethodGet && row.path != oauthCallback {
			s.echo.HEAD(row.path, handle)
		}
	}
	if err := s.add(http.MethodPost, reportPath, throttle.Reports(), s.takeReport); err != nil {
		return err
	}
	s.get(static.Prefix+"*", s.showAsset)
	s.get(brand.Prefix+":file", s.showBrandFile)
	for _, row := range s.apiRoutes() {
		if err := s.add(row.method, row.path, throttle.Applications(), s.api(row)); err != nil {
			return err
		}
	}
	s.echo.GET("/api/v1/openapi.json", showOpenAPI)
	s.get("/.well-known/change-password", changePassword)
	s.get("/healthz", showHealth)
	s.get("/readyz", s.showReady)
	return nil
}

// get adds a page that may be asked for its headers alone, as scanners, previews and monitors do.
func (s *Server) get(path string, handle echo.HandlerFunc) {
	s.echo.GET(path, handle)
	s.echo.HEAD(path, handle)
}

// showAsset answers a style sheet, script or picture of ours. What is none of them has the page for that.
func (s *Server) showAsset(c echo.Context) error {
	if !s.Assets.Has(c.Request().URL.Path) {
		return echo.ErrNotFound
	}
	s.Assets.ServeHTTP(c.Response(), c.Request())
	return nil
}

// add is how every route that changes something is added: not without a limit.
func (s *Server) add(method, path string, limit throttle.Rule, handle echo.HandlerFunc) error {
	if method != http.MethodGet && limit.Name == "" {
		return fmt.Errorf("web: %s %s has no limit", method, path)
	}
	s.echo.Add(method, path, handle)
	return nil
}

// atStep reads the flow and calls the row's handler if the flow stands at one of its steps and, for a form, if the form
// belongs to it. Else the browser is sent to where the flow stands.
func (s *Server) atStep(row route) echo.HandlerFunc {
	return func(c echo.Context) error {
		f, err := s.flow(c)
		if err != nil {
			return err
		}
		if !slices.Contains(row.steps, f.At(s.Now())) {
			return s.next(c, f)
		}
		if row.method == http.MethodPost {
			form, err := parseForm(c)
			if err != nil {
				return err
			}
			if !belongs(f, form) {
				return s.next(c, f)
			}
			return s.limited(c, row, f, form)
		}
		return row.handler(c, f)
	}
}
