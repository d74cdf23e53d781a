package web

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/labstack/echo/v4"

	"cognito-enroll/internal/enroll"
)

// A browser that has signed in to an account keeps a sealed cookie that says so. It proves nothing: it only has tries of
// its own, so that strangers who use up those of the account do not keep its owner out.
//
//	a random name of the browser (16 bytes) ‖ hashes of the accounts' names (16 each, the newest first)
const (
	deviceID    = 16
	accountHash = 16
	maxAccounts = 4
)

// device is the browser's name if it has signed in to the account before, else "".
func (s *Server) device(c echo.Context, username string) string {
	id, accounts := s.readDevice(c)
	if username == "" || !containsHash(accounts, hashOfAccount(username)) {
		return ""
	}
	return hex.EncodeToString(id)
}

// rememberDevice marks the browser of somebody who is signed in, by all that the pool asked for.
func (s *Server) rememberDevice(c echo.Context, f enroll.Flow) {
	if !f.Authority.AccessToken.IsZero() || f.Step == enroll.StepDone {
		s.markDevice(c, f.Username)
	}
}

func (s *Server) markDevice(c echo.Context, username string) {
	id, accounts := s.readDevice(c)
	hash := hashOfAccount(username)
	if username == "" || containsHash(accounts, hash) {
		return
	}
	if id == nil {
		id = make([]byte, deviceID)
		_, _ = rand.Read(id) // never fails (crypto/rand, since Go 1.24)
	}
	accounts = append(hash, accounts[:min(len(accounts), (maxAccounts-1)*accountHash)]...)
	if err := s.Devices.Write(c.Response(), c.Request(), append(bytes.Clone(id), accounts...)); err != nil {
		s.Log.ErrorContext(c.Request().Context(), "browser could not be marked as known", "request_id", requestID(c), "error", err)
	}
}

// readDevice answers nothing for a cookie that cannot be read: the browser is a stranger then.
func (s *Server) readDevice(c echo.Context) (id, accounts []byte) {
	payload, err := s.Devices.Read(c.Request())
	if err != nil || len(payload) < deviceID {
		return nil, nil
	}
	return payload[:deviceID], payload[deviceID:]
}

func hashOfAccount(username string) []byte {
	sum := sha256.Sum256([]byte("account of a device " + strings.ToLower(username)))
	return sum[:accountHash]
}

func containsHash(accounts, hash []byte) bool {
	for ; len(accounts) >= accountHash; accounts = accounts[accountHash:] {
		if bytes.Equal(accounts[:accountHash], hash) {
			return true
		}
	}
	return false
}
