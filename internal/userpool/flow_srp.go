package userpool

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"time"
)

const (
	blockPurpose = "secret block"
	blockSize    = 900
	srpSaltSize  = 16
	srpSecretLen = 32
)

// startSRP is USER_SRP_AUTH.
func startSRP(c *call, s signIn, parameters object) (object, error) {
	if parameters.text("USERNAME") != "" && parameters.text("SRP_A") == "" {
		return nil, missing("SRP_A")
	}
	u, err := c.identify(s.client, parameters)
	if err != nil {
		return nil, err
	}
	if u == nil && s.unknownUser().name == "UserNotFoundException" {
		return nil, s.unknownUser()
	}
	return c.passwordVerifier(s, u, parameters.text("USERNAME"), parameters.text("SRP_A"))
}

// passwordVerifier answers PASSWORD_VERIFIER. There is no session: what the service must remember is found by the
// secret block. An unknown user gets the same answer, with a salt that is the same every time.
func (c *call) passwordVerifier(s signIn, u *user, typed, srpA string) (object, error) {
	a, fault := parseSRPA(srpA)
	if fault != nil {
		return nil, fault
	}
	name, salt, inner := typed, hmacSHA256(c.p.sealer.key, "srp salt"+s.client.pool.id+typed)[:srpSaltSize], [32]byte{}
	// A made-up verifier costs no power: nobody can tell it from a real one, by its value or by the time it takes.
	verifier := new(big.Int).SetBytes(hmacSHA256(c.p.sealer.key, "srp verifier"+typed))
	if u != nil {
		if err := c.saltFor(u); err != nil {
			return nil, err
		}
		name, salt, inner, verifier = u.name, u.password.salt, u.password.inner, u.password.verifier
	}
	var state *srpState
	err := c.unlocked(func() error {
		secret, err := c.p.random(srpSecretLen)
		if err != nil {
			return err
		}
		if verifier == nil {
			verifier = srpVerifier(salt, inner)
		}
		state = newSRP(salt, verifier, a, secret)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if u != nil && u.password.inner == inner && bytes.Equal(u.password.salt, salt) { // still the same password
		u.password.verifier = verifier
	}
	next := &session{client: s.client, user: u, signIn: s, challenge: "PASSWORD_VERIFIER", srp: state}
	block, err := c.p.issueBlock(next, c.now)
	if err != nil {
		return nil, err
	}
	return object{"ChallengeName": next.challenge, "ChallengeParameters": object{
		"SALT": hex.EncodeToString(salt), "SRP_B": srpHex(state.public), "SECRET_BLOCK": block, "USERNAME": name, "USER_ID_FOR_SRP": name,
	}}, nil
}

func (c *call) saltFor(u *user) error {
	if u.password.salt != nil {
		return nil
	}
	salt, err := c.p.random(srpSaltSize)
	if err != nil {
		return err
	}
	salt[0] |= 1 // a leading zero byte would be lost in the number that clients make of it
	u.password.salt = salt
	return nil
}

// claim is what both verifier challenges are answered with.
type claim struct {
	block                []byte
	signature, timestamp string
}

func readClaim(responses object) (claim, *exception) {
	for _, name := range []string{"PASSWORD_CLAIM_SECRET_BLOCK", "PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP"} {
		if responses.text(name) == "" {
			return claim{}, missing(name)
		}
	}
	block, err := base64.StdEncoding.DecodeString(responses.text("PASSWORD_CLAIM_SECRET_BLOCK"))
	if err != nil {
		return claim{}, notAuthorized(wrongPassword)
	}
	return claim{block, responses.text("PASSWORD_CLAIM_SIGNATURE"), responses.text("TIMESTAMP")}, nil
}

// answerVerifier is PASSWORD_VERIFIER. Whatever is wrong, the answer is that name or password are.
func answerVerifier(c *call, cl *client, responses object) (object, error) {
	claimed, fault := readClaim(responses)
	if fault != nil {
		return nil, fault
	}
	s := c.p.openBlock(claimed.block, cl, "PASSWORD_VERIFIER", c.now)
	if s == nil || s.user == nil || cl.pool.find(responses.text("USERNAME")) != s.user {
		return nil, notAuthorized(wrongPassword)
	}
	u := s.user
	if fault := cl.checkHash(responses.text("SECRET_HASH"), u.name); fault != nil {
		return nil, fault
	}
	if err := c.mayTry(u); err != nil {
		return nil, err
	}
	ok, err := c.provesSRP(s, claimed, u.pool.shortName(), u.name)
	if err != nil {
		return nil, err
	}
	if !ok || !u.password.set {
		u.lock.fail(c.now)
		c.event(u, "Fail", "Password", "Failure")
		return nil, notAuthorized(wrongPassword)
	}
	s.fate = fateSpent
	s.signIn.takeDevice(responses)
	return c.afterPassword(s.signIn, u)
}

// provesSRP checks the signature, outside the lock: the two powers take milliseconds.
func (c *call) provesSRP(s *session, claimed claim, pool, user string) (bool, error) {
	var want string
	err := c.unlocked(func() error {
		want = srpSignature(s.srp.key(), pool, user, claimed.block, claimed.timestamp)
		return nil
	})
	if err != nil {
		return false, err
	}
	if s.fate != fateLive {
		return false, notAuthorized(wrongPassword) // somebody was faster with the same block
	}
	return same(want, claimed.signature) && validTimestamp(claimed.timestamp), nil
}

// issueBlock makes a session that is found by a secret block.
func (p *Pool) issueBlock(s *session, now time.Time) (string, error) {
	nonce, err := p.register(s, now)
	if err != nil {
		return "", err
	}
	content := make([]byte, blockSize)
	copy(content, s.handle[:])
	return base64.StdEncoding.EncodeToString(p.sealer.seal(nonce, content, blockPurpose)), nil
}

func (p *Pool) openBlock(block []byte, cl *client, challenge string, now time.Time) *session {
	content, ok := p.sealer.open(block, blockPurpose)
	if !ok {
		return nil
	}
	s := p.sessions[handle(content[:16])]
	if s == nil || s.client != cl || s.challenge != challenge || s.fate != fateLive || !now.Before(s.expires) || s.user != nil && s.user.gone {
		return nil
	}
	return s
}
