package web

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/i18n"
	"cognito-enroll/views"
)

const continuePath = "/continue"

// How often words may be tried. Of 2^30 words a hundred may be good at a time, at the very most: who tries one every
// second finds one in some four months, and it leads to one flow of an account that he could not choose.
//
//nolint:gochecknoglobals // constants
var (
	wordsOfANetwork = Limit{Events: 6, Per: time.Minute, Burst: 20}
	wordsOfAll      = Limit{Events: 60, Per: time.Minute, Burst: 100}
)

// errNoSuchWord says that a word leads nowhere, whatever the reason is.
var errNoSuchWord = errors.New("word is unknown, taken, withdrawn or too old") //nolint:gochecknoglobals // a sentinel

// continueURL is the address to open on the other screen. The word is never part of it.
func (s *Server) continueURL() string { return s.PublicURL.JoinPath(continuePath).String() }

// showContinue asks for the word or, after it was right, says whose flow it is that goes on here.
func (s *Server) showContinue(c echo.Context, f enroll.Flow) error {
	if f.Notice == enroll.NoticeArrived && f.MayMove(s.Now()) {
		return s.render(c, http.StatusOK, views.ArrivedPage(views.Arrived{Page: s.page(c, f, "continue.arrived.title", false)}))
	}
	return s.renderContinue(c, f, http.StatusOK, "", nil)
}

// showContinueQR draws the address that the first screen shows. It is the same for everybody.
func (s *Server) showContinueQR(c echo.Context, _ enroll.Flow) error {
	picture, err := s.QR.PNG(s.continueURL())
	if err != nil {
		return fmt.Errorf("draw QR: %w", err)
	}
	return c.Blob(http.StatusOK, "image/png", picture)
}

// continueHere takes the flow that a word was made for.
func (s *Server) continueHere(c echo.Context, f enroll.Flow) error {
	form, err := readForm(c, "word")
	if err != nil {
		return err
	}
	wait, err := s.countWord(c)
	if err != nil {
		return storeDown("count words", err)
	}
	if wait > 0 {
		c.Response().Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		return s.renderContinue(c, f, http.StatusTooManyRequests, form["word"], s.printer(c).Rich("continue.error.wait", int(math.Ceil(wait.Minutes()))))
	}
	next, err := s.takeFlow(lasting(c), form["word"])
	if errors.Is(err, errNoSuchWord) {
		logCause(c, err)
		return s.renderContinue(c, f, http.StatusUnprocessableEntity, form["word"], s.printer(c).Rich("continue.error.wrong", 0))
	}
	if err != nil {
		return storeDown("take flow", err)
	}
	if err := s.setFlow(c, next); err != nil {
		return err
	}
	return s.goTo(c, continuePath)
}

// takeFlow answers the flow that goes on here, and ends it where it was: on all nodes, before anybody hears of it.
func (s *Server) takeFlow(ctx context.Context, typed string) (enroll.Flow, error) {
	f, err := s.findFlow(ctx, typed)
	if err != nil {
		return enroll.Flow{}, err
	}
	ended, err := s.Store.SessionEnded(ctx, f.ID)
	if err != nil {
		return enroll.Flow{}, err
	}
	if ended { // it was finished, or signed out, on the first screen
		return enroll.Flow{}, errNoSuchWord
	}
	until := s.Now().Add(s.SessionAge)
	for _, id := range []enroll.ID{movedMark(f.ID), f.ID} { // in this order: what fails in between has ended nothing
		if err := s.Store.EndSession(ctx, id, until); err != nil {
			return enroll.Flow{}, err
		}
	}
	return f.Arrived(), nil
}

// findFlow takes out of the store what was put there under a word. Of all who try at once, one gets it.
func (s *Server) findFlow(ctx context.Context, typed string) (f enroll.Flow, err error) {
	word, ok := enroll.ReadWord(typed)
	if !ok {
		return f, errNoSuchWord
	}
	for _, name := range s.Swaps.Names(word) {
		sealed, found, err := s.Store.TakeHandoff(ctx, name)
		if err != nil {
			return f, err
		}
		if !found {
			continue
		}
		payload, err := s.Swaps.Open(sealed)
		if err == nil {
			err = f.UnmarshalBinary(payload)
		}
		if err != nil {
			return f, fmt.Errorf("%w: %w", errNoSuchWord, err)
		}
		return f, nil
	}
	return f, errNoSuchWord
}

// countWord counts one more word that was typed, and answers how long to wait if that is one too many.
func (s *Server) countWord(c echo.Context) (wait time.Duration, err error) {
	ctx := c.Request().Context()
	if from := s.network(c); from.IsValid() {
		if wait, err = s.Store.Allow(ctx, "words from "+network(from.String()), wordsOfANetwork, s.Now()); wait > 0 || err != nil {
			return wait, err
		}
	}
	return s.Store.Allow(ctx, "words from anywhere", wordsOfAll, s.Now())
}

// network is what one visitor can be expected to have: an IPv4 address, or the 2^64 addresses of an IPv6 network.
func network(ip string) string {
	address, err := netip.ParseAddr(ip)
	if err != nil || address.Unmap().Is4() {
		return address.Unmap().String()
	}
	return netip.PrefixFrom(address.WithZone(""), 64).Masked().String()
}

func (s *Server) renderContinue(c echo.Context, f enroll.Flow, status int, typed string, failure i18n.Rich) error {
	return s.render(c, status, views.ContinuePage(views.Continue{
		Page: s.page(c, f, "continue.title", failure != nil), Typed: typed, Error: failure,
	}))
}
