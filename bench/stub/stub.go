// Package stub is a user pool that does no work: it answers the four calls of an enrollment, and the one that ends the
// other way through, as quickly as it can, so that a benchmark measures the portal. It checks nothing.
//
// Names that begin with "token-" are let in with an access token; all others are asked to set an app up first
// (MFA_SETUP), as pools that require MFA do. The code 000000 is wrong.
package stub

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Pool is an http.Handler. It is safe for concurrent use.
type Pool struct {
	mu    sync.Mutex
	delay time.Duration
	calls map[string]int
	spent map[string]time.Duration // by user
}

// New makes a Pool.
func New() *Pool {
	return &Pool{calls: make(map[string]int), spent: make(map[string]time.Duration)}
}

// SetDelay makes every answer take at least that long.
func (p *Pool) SetDelay(delay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = delay
}

// Calls is how often each operation was called.
func (p *Pool) Calls() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	calls := make(map[string]int, len(p.calls))
	for operation, count := range p.calls {
		calls[operation] = count
	}
	return calls
}

// Spent is how long the answers to a user's calls took, and forgets it.
func (p *Pool) Spent(user string) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	spent := p.spent[user]
	delete(p.spent, user)
	return spent
}

// request is what the pool reads of any call.
type request struct {
	AuthParameters     struct{ USERNAME string }
	ChallengeResponses struct{ USERNAME string }
	Session            string
	AccessToken        string
	UserCode           string
}

func (p *Pool) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	body, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	if err != nil {
		return
	}
	var in request
	if err := json.Unmarshal(body, &in); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	user := in.user()
	status, answer := reply(operation, user, in)

	p.mu.Lock()
	p.calls[operation]++
	delay := p.delay
	p.mu.Unlock()
	if delay > 0 {
		time.Sleep(delay)
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, answer) // whoever asked has gone
	if delay > 0 {
		p.mu.Lock()
		p.spent[user] += time.Since(began)
		p.mu.Unlock()
	}
}

func reply(operation, user string, in request) (int, string) {
	switch operation {
	case "InitiateAuth":
		if strings.HasPrefix(user, "token-") {
			return http.StatusOK, fmt.Sprintf(`{"AuthenticationResult":{"AccessToken":%q,"ExpiresIn":3600,"TokenType":"Bearer"},"ChallengeParameters":{}}`, accessToken(user))
		}
		return http.StatusOK, fmt.Sprintf(`{"ChallengeName":"MFA_SETUP","Session":%q,"ChallengeParameters":`+
			`{"MFAS_CAN_SETUP":"[\"SOFTWARE_TOKEN_MFA\"]","USER_ID_FOR_SRP":%q}}`, session(user), user)
	case "AssociateSoftwareToken":
		return http.StatusOK, fmt.Sprintf(`{"SecretCode":%q,"Session":%q}`, key(user), session(user))
	case "VerifySoftwareToken":
		if in.UserCode == "000000" {
			return http.StatusBadRequest, `{"__type":"EnableSoftwareTokenMFAException","message":"Code mismatch"}`
		}
		return http.StatusOK, fmt.Sprintf(`{"Status":"SUCCESS","Session":%q}`, session(user))
	case "SetUserMFAPreference":
		return http.StatusOK, `{}`
	case "RespondToAuthChallenge":
		return http.StatusOK, fmt.Sprintf(`{"AuthenticationResult":{"AccessToken":%q,"ExpiresIn":3600,"TokenType":"Bearer"},"ChallengeParameters":{}}`, accessToken(user))
	}
	return http.StatusBadRequest, `{"__type":"InvalidParameterException","message":"not one of the four"}`
}

// sessionBytes makes sessions 1,543 characters long, as Cognito's are.
const sessionBytes = 1157

// session carries the user's name; it is the user's for ever.
func session(user string) string {
	raw := make([]byte, sessionBytes)
	for i := copy(raw, user+"\x00"); i < sessionBytes; i++ {
		raw[i] = byte(i*167 + 13)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// key is 52 characters of base32, as Cognito's are: different ones for different users.
func key(user string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	state := uint64(14695981039346656037) // FNV-1a, then a linear congruence: it only has to differ
	for _, b := range []byte(user) {
		state = (state ^ uint64(b)) * 1099511628211
	}
	text := make([]byte, 52)
	for i := range text {
		state = state*6364136223846793005 + 1442695040888963407
		text[i] = alphabet[state>>59]
	}
	text[51] = "AQ"[state>>63] // 32 bytes end in the middle of it
	return string(text)
}

// accessToken is a JWT of about 1,100 characters with a made-up signature.
func accessToken(user string) string {
	now := time.Now().Unix()
	claims := fmt.Sprintf(`{"sub":"9d5c3c3e-6f4a-4c5f-9d31-2f9b8e3f5a10","iss":"https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Bench0001",`+
		`"client_id":"1example23456789bench00000","origin_jti":"5d1a6d4e-9a52-4d39-9b1e-0c2f4a4f3f65","event_id":"6a0c8f6e-3c6b-4f51-8f55-7d0e6b2f9f11",`+
		`"token_use":"access","scope":"aws.cognito.signin.user.admin","auth_time":%d,"exp":%d,"iat":%d,"jti":"a2a0c9b0-6a5e-47d7-8ed3-0d2c0c5f7c11","username":%q}`,
		now, now+3600, now, user)
	encode := base64.RawURLEncoding.EncodeToString
	signature := make([]byte, 256)
	for i := range signature {
		signature[i] = byte(i*193 + 7)
	}
	return encode([]byte(`{"kid":"q1JrJx0Kc4bCq2kPpG1v3Tq8d0zYtqJm8wX0o4bZb1k=","alg":"RS256"}`)) + "." + encode([]byte(claims)) + "." + encode(signature)
}

// user is whose call it is.
func (in request) user() string {
	switch {
	case in.AuthParameters.USERNAME != "":
		return in.AuthParameters.USERNAME
	case in.Session != "":
		raw, err := base64.RawURLEncoding.DecodeString(in.Session)
		name, _, found := strings.Cut(string(raw), "\x00")
		if err != nil || !found {
			return ""
		}
		return name
	case in.AccessToken != "":
		parts := strings.Split(in.AccessToken, ".")
		if len(parts) != 3 {
			return ""
		}
		raw, err := base64.RawURLEncoding.DecodeString(parts[1])
		var claims struct{ Username string }
		if err != nil || json.Unmarshal(raw, &claims) != nil {
			return ""
		}
		return claims.Username
	}
	return in.ChallengeResponses.USERNAME
}
