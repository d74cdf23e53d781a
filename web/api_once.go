package web

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/helpdesk"
)

// idempotencyHeader names a request, so that it can be sent again when its answer was lost
// (draft-ietf-httpapi-idempotency-key-header).
const idempotencyHeader = "Idempotency-Key"

// maxIdempotencyKey is the longest name, in bytes.
const maxIdempotencyKey = 128

// once does what a request asks for, and answers it in JSON. A request that has a name is done once, however often it
// comes within a day; replayed says that this answer was given before. The same name with another body is a conflict. What
// was refused or failed is not kept: sent again, it is tried again.
//
// The answer holds a link and its piece, which the store otherwise knows as hashes alone. It is kept sealed under the
// caller's own key and the request's name, neither of which is in the store or the settings.
func (s *Server) once(c echo.Context, who caller, body []byte, do func() (any, error)) (answer []byte, replayed bool, err error) {
	name, err := requestName(c.Request().Header)
	if err != nil {
		return nil, false, err
	}
	if name == "" {
		answer, err = inJSON(do)
		return answer, false, err
	}
	ctx := c.Request().Context()
	key := sha256.Sum256([]byte("answer 1\n" + who.text + "\n" + name))
	claim, sealed, err := s.Store.ClaimAnswer(ctx, key, sha256.Sum256(append([]byte(c.Request().Method+" "+c.Request().URL.Path+"\n"), body...)))
	switch {
	case errors.Is(err, helpdesk.ErrConflict):
		return nil, false, &apiError{Status: http.StatusConflict, Code: "idempotency_key_reused", Detail: "this " + idempotencyHeader + " was another request's"}
	case err != nil:
		return nil, false, &helpdesk.Error{Kind: helpdesk.StoreDown, Op: "claim answer", Err: err}
	case claim == 0 && sealed == nil:
		return nil, false, &apiError{Status: http.StatusConflict, Code: "in_progress", Detail: "the first of these requests is not answered yet", retryAfter: time.Second}
	}
	box, err := answerBox(who.text, name)
	if err != nil {
		return nil, false, err
	}
	if claim == 0 {
		c.Response().Header().Set("Idempotency-Replayed", "true")
		answer, err := box.Open(nil, nil, sealed, key[:])
		return answer, true, err
	}
	answer, err = inJSON(do)
	s.settle(context.WithoutCancel(ctx), key, claim, box, answer, err == nil)
	return answer, false, err
}

// settle keeps what was answered, or gives the claim back. If that fails the request can be sent again in two minutes.
func (s *Server) settle(ctx context.Context, key [32]byte, claim int64, box cipher.AEAD, answer []byte, good bool) {
	err := error(nil)
	if good {
		err = s.Store.KeepAnswer(ctx, key, claim, box.Seal(nil, nil, answer, key[:])) //nolint:gosec // the box makes its own nonce
	} else {
		err = s.Store.ForgetAnswer(ctx, key, claim)
	}
	if err != nil {
		s.Log.ErrorContext(ctx, "answer not kept", "error", err)
	}
}

func inJSON(do func() (any, error)) ([]byte, error) {
	value, err := do()
	if err != nil {
		return nil, err
	}
	return json.Marshal(value)
}

// answerBox seals answers to requests of one name from the holder of one key.
func answerBox(keyText, name string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, []byte(keyText), nil, "cognito-enroll answer 1 "+name, 32)
	if err != nil {
		return nil, fmt.Errorf("answer: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("answer: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// requestName reads the header: "" when there is none.
func requestName(header http.Header) (string, error) {
	values := header.Values(idempotencyHeader)
	if len(values) == 0 {
		return "", nil
	}
	name := values[0]
	odd := func(r rune) bool { return r <= ' ' || r > '~' }
	if len(values) > 1 || name == "" || len(name) > maxIdempotencyKey || strings.ContainsFunc(name, odd) {
		return "", &apiError{
			Status: http.StatusBadRequest, Code: "bad_request",
			Detail: fmt.Sprintf("want one %s of at most %d visible ASCII characters", idempotencyHeader, maxIdempotencyKey),
		}
	}
	return name, nil
}
