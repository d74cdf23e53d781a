// Command naive is the portal that most people would write in Go with the same libraries: a PNG of 256 pixels from
// go-qrcode in a data URI, gorilla's own cookie codec, html/template, and an SDK client made wherever one is needed.
// "make bench" measures the portal beside it. It is no example to follow.
package main

import (
	"context"
	"encoding/base64"
	"flag"
	"html/template"
	"log"
	"net/http"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"
	"github.com/skip2/go-qrcode"
)

type app struct {
	endpoint string
	store    *sessions.CookieStore
}

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address to listen on")
	endpoint := flag.String("endpoint", "", "where the pool is")
	flag.Parse()
	a := &app{endpoint: *endpoint, store: sessions.NewCookieStore(securecookie.GenerateRandomKey(32), securecookie.GenerateRandomKey(32))}
	a.store.Options.HttpOnly = true
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			err := next(c)
			log.Printf("%s %s %d", c.Request().Method, c.Path(), c.Response().Status)
			return err
		}
	})
	e.GET("/login", func(c echo.Context) error { return a.page(c, http.StatusOK, "login", nil) })
	e.POST("/login", a.login)
	e.GET("/setup", a.setup)
	e.POST("/verify", a.verify)
	e.GET("/done", func(c echo.Context) error { return a.page(c, http.StatusOK, "done", nil) })
	log.Fatal(e.Start(*listen))
}

// client is made wherever one is needed, as AWS's own examples do.
func (a *app) client(ctx context.Context) (*cip.Client, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion("eu-central-1"))
	if err != nil {
		return nil, err
	}
	return cip.NewFromConfig(cfg, func(o *cip.Options) { o.BaseEndpoint = aws.String(a.endpoint) }), nil
}

func (a *app) session(c echo.Context) *sessions.Session {
	s, _ := a.store.Get(c.Request(), "mfa") // one that cannot be read is a new one
	return s
}

func (a *app) login(c echo.Context) error {
	username := c.FormValue("username")
	client, err := a.client(c.Request().Context())
	if err != nil {
		return err
	}
	out, err := client.InitiateAuth(c.Request().Context(), &cip.InitiateAuthInput{
		AuthFlow: types.AuthFlowTypeUserPasswordAuth, ClientId: aws.String("bench"),
		AuthParameters: map[string]string{"USERNAME": username, "PASSWORD": c.FormValue("password")},
	})
	if err != nil {
		return err
	}
	s := a.session(c)
	s.Values["username"], s.Values["session"] = username, aws.ToString(out.Session)
	delete(s.Values, "secret")
	if err := s.Save(c.Request(), c.Response()); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/setup")
}

func (a *app) setup(c echo.Context) error {
	s := a.session(c)
	if _, found := s.Values["secret"]; !found {
		if err := a.associate(c.Request().Context(), s); err != nil {
			return err
		}
		if err := s.Save(c.Request(), c.Response()); err != nil {
			return err
		}
	}
	return a.show(c, http.StatusOK, s, "")
}

func (a *app) associate(ctx context.Context, s *sessions.Session) error {
	session, _ := s.Values["session"].(string)
	client, err := a.client(ctx)
	if err != nil {
		return err
	}
	out, err := client.AssociateSoftwareToken(ctx, &cip.AssociateSoftwareTokenInput{Session: aws.String(session)})
	if err != nil {
		return err
	}
	s.Values["secret"], s.Values["session"] = aws.ToString(out.SecretCode), aws.ToString(out.Session)
	return nil
}

func (a *app) show(c echo.Context, status int, s *sessions.Session, failure string) error {
	username, _ := s.Values["username"].(string)
	key, _ := s.Values["secret"].(string)
	uri := "otpauth://totp/" + url.PathEscape("Northwind:"+username) + "?secret=" + key + "&issuer=Northwind"
	png, err := qrcode.Encode(uri, qrcode.Medium, 256)
	if err != nil {
		return err
	}
	return a.page(c, status, "setup", map[string]any{
		"Username": username, "Key": key, "Failure": failure,
		"QR": template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(png)), //nolint:gosec // ours
	})
}

func (a *app) verify(c echo.Context) error {
	s := a.session(c)
	session, _ := s.Values["session"].(string)
	username, _ := s.Values["username"].(string)
	client, err := a.client(c.Request().Context())
	if err != nil {
		return err
	}
	out, err := client.VerifySoftwareToken(c.Request().Context(), &cip.VerifySoftwareTokenInput{
		Session: aws.String(session), UserCode: aws.String(c.FormValue("code")),
	})
	if err != nil {
		return a.show(c, http.StatusUnprocessableEntity, s, "That code is wrong.")
	}
	if _, err := client.RespondToAuthChallenge(c.Request().Context(), &cip.RespondToAuthChallengeInput{
		ChallengeName: types.ChallengeNameTypeMfaSetup, ClientId: aws.String("bench"), Session: out.Session,
		ChallengeResponses: map[string]string{"USERNAME": username},
	}); err != nil {
		return err
	}
	s.Options.MaxAge = -1
	if err := s.Save(c.Request(), c.Response()); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/done")
}

func (a *app) page(c echo.Context, status int, name string, data any) error {
	c.Response().Header().Set("Content-Type", "text/html; charset=utf-8")
	c.Response().WriteHeader(status)
	return pages.ExecuteTemplate(c.Response(), name, data)
}
