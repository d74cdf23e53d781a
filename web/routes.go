package web

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/brand"
	"cognito-enroll/internal/enroll"
	"cognito-enroll/static"
)

// handler answers a request of a flow that stands at one of its route's steps.
type handler func(c echo.Context, f enroll.Flow) error

// route is one row: a flow that stands elsewhere is sent to where it stands, and nothing else happens.
type route struct {
	method, path string
	steps        []enroll.Step
	handler      handler
}

func (s *Server) routes() []route {
	at := func(steps ...enroll.Step) []enroll.Step { return steps }
	anywhere := enroll.Steps()
	return []route{
		{http.MethodGet, "/", anywhere, s.start},
		{http.MethodGet, prepare, anywhere, s.showPrepare},
		{http.MethodGet, "/languages", anywhere, s.showLanguages},

		{http.MethodGet, "/sign-in", at(enroll.StepSignIn), s.showSignIn},
		{http.MethodPost, "/sign-in", at(enroll.StepSignIn), s.signIn},
		{http.MethodGet, "/sign-in/oauth", anywhere, s.startOAuth},
		{http.MethodGet, oauthCallback, anywhere, s.finishOAuth},
		{http.MethodGet, "/handoff/:locator", anywhere, s.showHandoff},
		{http.MethodPost, "/handoff/:locator", anywhere, s.takeHandoff},
		{http.MethodGet, linkPrefix + ":locator", anywhere, s.showLink},
		{http.MethodPost, linkPrefix + ":locator", anywhere, s.openLink},
		{http.MethodGet, "/not-me/:token", anywhere, s.showNotMe},
		{http.MethodPost, "/not-me/:token", anywhere, s.freeze},
		{http.MethodGet, "/new-password", at(enroll.StepNewPassword), s.showNewPassword},
		{http.MethodPost, "/new-password", at(enroll.StepNewPassword), s.setNewPassword},
		{http.MethodGet, "/choose", at(enroll.StepChoose), s.showChoose},
		{http.MethodPost, "/choose", at(enroll.StepChoose), s.chooseMethod},
		{http.MethodGet, "/challenge", at(enroll.StepCode), s.showChallenge},
		{http.MethodPost, "/challenge", at(enroll.StepCode), s.answerCode},

		{http.MethodGet, "/authenticator", at(enroll.StepReview), s.showReview},
		{http.MethodPost, "/authenticator/start", at(enroll.StepReview), s.startSetUp},
		{http.MethodPost, "/authenticator/methods", at(enroll.StepReview), s.lookUpMethods},
		{http.MethodPost, "/authenticator/prefer", at(enroll.StepReview), s.preferMethod},
		{http.MethodPost, "/authenticator/remove", at(enroll.StepReview), s.removeApp},

		{http.MethodGet, "/set-up", at(enroll.StepScan, enroll.StepFinish), s.showSetUp},
		{http.MethodGet, "/set-up/qr.png", anywhere, s.showQR},
		{http.MethodPost, "/set-up/verify", at(enroll.StepScan), s.verifyCode},
		{http.MethodPost, "/set-up/finish", at(enroll.StepFinish), s.finishSetUp},

		{http.MethodPost, swapPath, at(enroll.StepReview, enroll.StepScan), s.offerFlow},
		{http.MethodPost, swapPath + "/cancel", at(enroll.StepReview, enroll.StepScan), s.keepFlow},
		{http.MethodGet, swapPath, anywhere, s.showSwap},
		{http.MethodGet, continuePath, anywhere, s.showContinue},
		{http.MethodPost, continuePath, anywhere, s.continueHere},
		{http.MethodGet, continuePath + "/qr.png", anywhere, s.showContinueQR},

		{http.MethodGet, "/done", at(enroll.StepDone), s.showDone},
		{http.MethodPost, "/try", at(enroll.StepDone), s.tryApp},
		{http.MethodPost, "/sign-out", anywhere, s.signOut},
		{http.MethodPost, "/sign-out/everywhere", at(enroll.StepReview), s.signOutEverywhere},

		{http.MethodGet, "/forgot-password", at(enroll.StepSignIn), s.showForgotPassword},
		{http.MethodPost, "/forgot-password", at(enroll.StepSignIn), s.forgotPassword},
		{http.MethodGet, "/reset-password", at(enroll.StepReset), s.showResetPassword},
		{http.MethodPost, "/reset-password", at(enroll.StepReset), s.resetPassword},
		{http.MethodGet, "/confirm", at(enroll.StepSignIn), s.showConfirm},
		{http.MethodPost, "/confirm", at(enroll.StepSignIn), s.confirmAccount},
	}
}

func (s *Server) addRoutes() {
	for _, row := range s.routes() {
		handle := s.atStep(row)
		s.echo.Add(row.method, row.path, handle)
		if row.method == http.MethodGet && row.path != oauthCallback {
			s.echo.Add(http.MethodHead, row.path, handle) // scanners and previews ask so
		}
	}
	s.echo.GET(static.Prefix+"*", echo.WrapHandler(s.Assets))
	s.echo.GET(brand.Prefix+":file", s.showBrandFile)
	for _, row := range s.apiRoutes() {
		s.echo.Add(row.method, row.path, s.api(row))
	}
	s.echo.GET("/api/v1/openapi.json", showOpenAPI)
	s.echo.GET("/.well-known/change-password", changePassword)
	s.echo.GET("/healthz", showHealth)
	s.echo.GET("/readyz", s.showReady)
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
		}
		return row.handler(c, f)
	}
}
