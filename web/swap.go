package web

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/qr"
	"cognito-enroll/views"
)

// Going on on another screen. The first screen is here, the second in continue.go:
//
//	first   POST /swap      a word into the flow; the flow, sealed, into the store under the word's name
//	second  POST /continue  takes it from there, once, under a new ID, and ends the old one on all nodes
//	first   GET /swap       finds its sign-in ended by a move: "it goes on there", and "done" when our record says so

// swapPath is the page that belongs to no step: the word, and what became of it.
const swapPath = "/swap"

// minSwapQR is how wide the picture of the other screen's address is at least, in CSS pixels.
const minSwapQR = 132

// wordsOfAFlow is more words than anybody needs: each one is a row in the store.
var wordsOfAFlow = Limit{Events: 10, Per: 10 * time.Minute, Burst: 10} //nolint:gochecknoglobals // a constant

// offerFlow makes a word and shows it. An earlier one is worth nothing from then on.
func (s *Server) offerFlow(c echo.Context, f enroll.Flow) error {
	if _, err := readForm(c); err != nil {
		return err
	}
	ctx := c.Request().Context()
	wait, err := s.Store.Allow(ctx, "words of "+formToken(f), wordsOfAFlow, s.Now())
	if err != nil {
		return storeDown("count words", err)
	}
	if wait > 0 {
		return &enroll.Error{Kind: enroll.Busy, Op: "make word", Err: errors.New("too many words of one flow")}
	}
	if err := s.withdraw(ctx, f); err != nil {
		return storeDown("withdraw word", err)
	}
	f = s.Enroll.Offer(f)
	if err := s.putFlow(ctx, f); err != nil {
		return storeDown("put flow", err)
	}
	if err := s.setFlow(c, f); err != nil {
		return err
	}
	return s.goTo(c, swapPath)
}

// keepFlow takes the word back and goes on here.
func (s *Server) keepFlow(c echo.Context, f enroll.Flow) error {
	if _, err := readForm(c); err != nil {
		return err
	}
	if err := s.withdraw(c.Request().Context(), f); err != nil {
		return storeDown("withdraw word", err)
	}
	f.Word = enroll.Word{}
	return s.moveOn(c, f, nil)
}

// showSwap shows the word, or what became of it. A page that asks again by itself gets nothing while nothing changed:
// a screen reader would read it out each time.
func (s *Server) showSwap(c echo.Context, f enroll.Flow) error {
	state := s.swapState(c, f)
	if state == "" {
		return s.next(c, f)
	}
	if isPartial(c) && c.QueryParam("shown") == string(state) {
		return c.NoContent(http.StatusNoContent)
	}
	page := views.Swap{Page: s.page(c, f, "swap."+string(state)+".title", false), State: state}
	switch state {
	case views.SwapWaiting:
		word := f.Word.Text.Reveal()
		page.Word, page.Spelt, page.Address = word[:3]+" "+word[3:], strings.Join(strings.Split(word, ""), " "), s.continueURL()
		page.Until, page.Left = f.WordUntil(), f.WordUntil().Sub(s.Now())
		modules, err := qr.Modules(page.Address)
		if err != nil {
			return fmt.Errorf("measure QR: %w", err)
		}
		page.QRModules, page.QRPixels = modules, modules*qr.Scale(modules, minSwapQR, minSwapQR)
	case views.SwapDone:
		page.Return = s.returnAction(c, f)
	case views.SwapOver, views.SwapMoved:
	}
	return s.render(c, http.StatusOK, views.SwapPage(page))
}

// swapState is what the page of the word has to say: "" when there is no word.
func (s *Server) swapState(c echo.Context, f enroll.Flow) views.SwapState {
	switch {
	case f.Notice == enroll.NoticeMoved && s.setUpSince(c, f):
		return views.SwapDone
	case f.Notice == enroll.NoticeMoved:
		return views.SwapMoved
	case f.Word.Text.IsZero() || !f.MayMove(s.Now()):
		return ""
	case !s.Now().Before(f.WordUntil()):
		return views.SwapOver
	}
	return views.SwapWaiting
}

// setUpSince reports whether our own record has a set-up of the account after the flow began.
func (s *Server) setUpSince(c echo.Context, f enroll.Flow) bool {
	ctx, cancel := briefly(c.Request().Context())
	defer cancel()
	event, _, at, found, err := s.Store.LastRecord(ctx, f.Account)
	if err != nil {
		s.Log.WarnContext(c.Request().Context(), "record cannot be read", "request_id", requestID(c), "error", err)
	}
	return found && event != EventRemoved && !at.Before(f.Began)
}

// putFlow keeps the flow, without its word, for whoever types that.
func (s *Server) putFlow(ctx context.Context, f enroll.Flow) error {
	name, until := s.Swaps.Names(f.Word.Text)[0], f.WordUntil()
	f.Word = enroll.Word{}
	payload, err := f.MarshalBinary()
	if err != nil {
		return err
	}
	sealed, err := s.Swaps.Seal(payload)
	if err != nil {
		return err
	}
	return s.Store.PutHandoff(ctx, name, sealed, until)
}

// withdraw makes the flow's word, if it has one, worth nothing.
func (s *Server) withdraw(ctx context.Context, f enroll.Flow) error {
	if f.Word.Text.IsZero() {
		return nil
	}
	for _, name := range s.Swaps.Names(f.Word.Text) {
		if _, _, err := s.Store.TakeHandoff(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// withoutOldWord withdraws the word of a flow that goes on here after all: it would lead to where the flow stood before.
func (s *Server) withoutOldWord(c echo.Context, next enroll.Flow) enroll.Flow {
	before, _ := c.Get(flowKey).(enroll.Flow)
	if next.Word.Text.IsZero() || !next.Word.Text.Equal(before.Word.Text) {
		return next
	}
	if err := s.withdraw(c.Request().Context(), next); err != nil {
		s.Log.ErrorContext(c.Request().Context(), "word could not be withdrawn", "request_id", requestID(c), "error", err)
	}
	next.Word = enroll.Word{}
	return next
}

// movedMark names, among the ended sessions, the mark that says why one was ended: its flow went on elsewhere.
func movedMark(id enroll.ID) enroll.ID {
	sum := sha256.Sum256(append([]byte("moved to another screen "), id[:]...))
	return enroll.ID(sum[:16])
}

// leftOf is what a browser still knows of a flow that was ended.
func (s *Server) leftOf(c echo.Context, f enroll.Flow) enroll.Flow {
	ctx, cancel := briefly(lasting(c))
	defer cancel()
	moved, err := s.Store.SessionEnded(ctx, movedMark(f.ID))
	if err != nil {
		s.Log.WarnContext(c.Request().Context(), "store does not tell why a session was ended", "request_id", requestID(c), "error", err)
	}
	if moved {
		return f.Moved()
	}
	return enroll.Flow{Notice: enroll.NoticeEnded, ReturnTo: f.ReturnTo}
}

func storeDown(op string, err error) error {
	return &enroll.Error{Kind: enroll.StoreDown, Op: op, Err: err}
}
