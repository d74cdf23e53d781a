package userpool

import (
	"encoding/binary"
	"strings"
	"time"
)

// handle is the random name of a session, sealed inside the session string.
type handle [16]byte

// session is one challenge session. The string that the client holds is used once: a step that succeeds spends it and
// issues the next; a step that is refused leaves it as it was.
//
//	InitiateAuth ─ S1 ─> NEW_PASSWORD_REQUIRED ─ S2 ─> AssociateSoftwareToken ─ S3 ─> VerifySoftwareToken ─ S4 ─> tokens
type session struct {
	handle    handle
	client    *client
	user      *user
	challenge string
	stage     setupStage
	fate      fate
	expires   time.Time
	pending   pendingKey // stage associated
	signIn    signIn
	offered   []factor // SELECT_MFA_TYPE
	code      string   // SMS_MFA, SMS_OTP and EMAIL_OTP
	proves    string   // the attribute that the code was sent to
	round     int      // CUSTOM_CHALLENGE
	tries     int
	srp       *srpState
	device    *device
}

// setupStage is how far an MFA_SETUP session has come.
type setupStage string

const (
	stageNone       setupStage = ""
	stageAssociated setupStage = "associated"
	stageVerified   setupStage = "verified"
)

// fate is what has become of a session.
type fate string

const (
	fateLive       fate = ""
	fateSpent      fate = "spent"
	fateSuperseded fate = "superseded"
)

// Real sessions begin with these letters: the version of an AWS encrypted message in base64.
const (
	sessionPrefix  = "AYABe"
	sessionPurpose = "session"
)

// register makes s live and answers a nonce to seal its handle with.
func (p *Pool) register(s *session, now time.Time) ([]byte, error) {
	random, err := p.random(12 + len(s.handle))
	if err != nil {
		return nil, err
	}
	copy(s.handle[:], random[12:])
	s.fate = fateLive
	s.expires = now.Add(s.client.sessionValidity)
	p.forgetSessions(now)
	p.sessions[s.handle] = s
	p.queue = append(p.queue, s)
	return random[:12:12], nil
}

// issue makes s live and returns its string.
func (p *Pool) issue(s *session, now time.Time) (string, error) {
	nonce, err := p.register(s, now)
	if err != nil {
		return "", err
	}
	return p.sessionString(s, nonce), nil
}

// sessionString seals the handle and the time of expiry, padded to the length that tests asked for. The time is
// inside so that an expired session is told from a wrong one after it has been forgotten.
func (p *Pool) sessionString(s *session, nonce []byte) string {
	characters := p.sizes.session - len(sessionPrefix)
	content := make([]byte, characters*3/4-sealedOverhead)
	copy(content, s.handle[:])
	binary.BigEndian.PutUint64(content[len(s.handle):], uint64(s.expires.UnixMilli())) //nolint:gosec // after 1970
	room := make([]byte, 12, characters*3/4)
	copy(room, nonce)
	return sessionPrefix + strict.EncodeToString(p.sealer.seal(room, content, sessionPurpose))
}

// openSession finds the session behind a string and refuses it unless it is live, of this client (if one is given)
// and of this challenge.
func (p *Pool) openSession(text string, c *client, challenge string, now time.Time) (*session, *exception) {
	body, ok := strings.CutPrefix(text, sessionPrefix)
	if !ok {
		return nil, notAuthorized(sessionInvalid)
	}
	sealed, err := strict.DecodeString(body)
	if err != nil {
		return nil, notAuthorized(sessionInvalid)
	}
	content, ok := p.sealer.open(sealed, sessionPurpose)
	if !ok {
		return nil, notAuthorized(sessionInvalid)
	}
	s := p.sessions[handle(content[:16])]
	if s == nil || s.user != nil && s.user.gone {
		if now.UnixMilli() >= int64(binary.BigEndian.Uint64(content[16:])) { //nolint:gosec // we sealed it
			return nil, notAuthorized(sessionExpired)
		}
		return nil, notAuthorized(sessionInvalid)
	}
	switch {
	case c != nil && s.client != c, challenge != "" && s.challenge != challenge, s.fate == fateSuperseded:
		return nil, notAuthorized(sessionInvalid)
	case s.fate == fateSpent:
		return nil, notAuthorized(sessionSpent)
	case !now.Before(s.expires):
		return nil, notAuthorized(sessionExpired)
	case s.user != nil && s.user.disabled:
		return nil, notAuthorized(userDisabled)
	}
	return s, nil
}

// beginSetup issues an MFA_SETUP session, the only live one of its user: a new sign-in leaves the older ones behind.
func (p *Pool) beginSetup(s *session, now time.Time) (string, error) {
	text, err := p.issue(s, now)
	if err != nil {
		return "", err
	}
	s.user.endSetup()
	s.user.setup = s
	return text, nil
}

// endSetup ends the set-up that is under way, if there is one. Without it, whoever once knew the password could keep
// a set-up open and put their own app in place of one registered since.
func (u *user) endSetup() {
	if u.setup != nil && u.setup.fate == fateLive {
		u.setup.fate = fateSuperseded
		u.setup.pending = pendingKey{}
	}
	u.setup = nil
}

// forgetSessions drops expired sessions from the front of the queue, a few at a time, so that memory is bounded by
// the sessions of the last quarter of an hour.
func (p *Pool) forgetSessions(now time.Time) {
	for range 4 {
		if len(p.queue) == 0 || now.Before(p.queue[0].expires) {
			return
		}
		delete(p.sessions, p.queue[0].handle)
		p.queue[0] = nil
		p.queue = p.queue[1:]
	}
}
