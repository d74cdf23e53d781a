package userpool

import (
	"slices"
	"strings"
)

// responder answers one challenge. The session is live and belongs to the challenge; responses have been checked for
// the user and the secret hash.
type responder func(c *call, s *session, responses object) (object, error)

// responders are the values of ChallengeName that can be answered with a session.
var responders = map[string]responder{
	"NEW_PASSWORD_REQUIRED": answerNewPassword,
	"MFA_SETUP":             answerSetup,
	"SOFTWARE_TOKEN_MFA":    answerTOTP,
	"SELECT_MFA_TYPE":       answerSelectFactor,
	"SMS_MFA":               answerSentCode("SMS_MFA_CODE"),
	"SMS_OTP":               answerSentCode("SMS_OTP_CODE"),
	"EMAIL_OTP":             answerSentCode("EMAIL_OTP_CODE"),
	"SELECT_CHALLENGE":      answerSelectChallenge,
	"PASSWORD":              answerPassword,
	"PASSWORD_SRP":          answerPasswordSRP,
	"CUSTOM_CHALLENGE":      answerCustom,
	"DEVICE_SRP_AUTH":       answerDeviceSRP,
}

// verifiers are the challenges that are answered with a secret block instead of a session.
var verifiers = map[string]func(c *call, cl *client, responses object) (object, error){
	"PASSWORD_VERIFIER":        answerVerifier,
	"DEVICE_PASSWORD_VERIFIER": answerDeviceVerifier,
}

// respondToAuthChallenge goes on with a sign-in.
func respondToAuthChallenge(c *call) (object, error) {
	cl, err := c.client(c.input.text("ClientId"))
	if err != nil {
		return nil, err
	}
	name := c.input.text("ChallengeName")
	responses := c.input.object("ChallengeResponses")
	username := responses.text("USERNAME")
	if username == "" {
		return nil, missing("USERNAME")
	}
	if verify, known := verifiers[name]; known {
		return verify(c, cl, responses)
	}
	respond, known := responders[name]
	if !known {
		return nil, invalidParameter("Challenge %s is not supported", name)
	}
	if !c.input.has("Session") {
		return nil, missing("Session")
	}
	if cl.secret != "" && responses.text("SECRET_HASH") == "" {
		return nil, cl.checkHash("", username)
	}
	s, fault := c.p.openSession(c.input.text("Session"), cl, name, c.now)
	if fault != nil {
		return nil, fault
	}
	if s.user == nil {
		return nil, simulated(name)
	}
	if s.user.pool.find(username) != s.user {
		return nil, notAuthorized(sessionInvalid)
	}
	// From here on the hash is that of USER_ID_FOR_SRP, also where an alias was typed at first.
	if fault := cl.checkHash(responses.text("SECRET_HASH"), s.user.name); fault != nil {
		return nil, fault
	}
	if name == "NEW_PASSWORD_REQUIRED" || strings.HasPrefix(name, "PASSWORD") || name == "SELECT_CHALLENGE" {
		s.signIn.takeDevice(responses)
	}
	return respond(c, s, responses)
}

// simulated refuses the answer to a challenge that was made up for a user who does not exist, as a wrong one.
func simulated(challenge string) *exception {
	if strings.HasSuffix(challenge, "_OTP") {
		return codeMismatch(wrongSentCode)
	}
	return notAuthorized(wrongPassword)
}

// answerNewPassword is NEW_PASSWORD_REQUIRED.
func answerNewPassword(c *call, s *session, responses object) (object, error) {
	text := responses.text("NEW_PASSWORD")
	if text == "" {
		return nil, missing("NEW_PASSWORD")
	}
	u := s.user
	given, err := u.newAttributes(responses)
	if err != nil {
		return nil, err
	}
	for _, name := range u.missingAttributes() {
		if responses.text(name) == "" {
			return nil, invalidParameter("Invalid attributes given, %s is missing", strings.TrimPrefix(name, "userAttributes."))
		}
	}
	if fault := u.setPassword(text, false, c.now); fault != nil {
		return nil, fault
	}
	for _, a := range given {
		u.setAttribute(a.name, a.value)
	}
	u.status, u.modified = statusConfirmed, c.now
	s.fate = fateSpent
	return c.afterFirstFactor(s.signIn, u)
}

// newAttributes are the userAttributes.<name> among the responses, checked.
func (u *user) newAttributes(responses object) ([]attribute, error) {
	var given []attribute
	for key := range responses {
		name, ok := strings.CutPrefix(key, "userAttributes.")
		if !ok {
			continue
		}
		if strings.HasSuffix(name, "_verified") || name == "sub" || name == "" {
			return nil, notAuthorized("A client attempted to write unauthorized attribute")
		}
		if (name == "email" || name == "phone_number") && u.attribute(name) != "" && u.attribute(name) != responses.text(key) {
			return nil, notAuthorized("Cannot modify an already provided " + name)
		}
		given = append(given, attribute{name, responses.text(key)})
	}
	slices.SortFunc(given, func(a, b attribute) int { return strings.Compare(a.name, b.name) })
	return given, nil
}

// answerSetup is MFA_SETUP, with the session that VerifySoftwareToken gave. A code that comes with it is ignored.
func answerSetup(c *call, s *session, responses object) (object, error) {
	if address := responses.text("EMAIL"); address != "" && s.user.pool.email && s.stage != stageVerified {
		return c.setUpEmail(s, address)
	}
	if s.stage != stageVerified {
		return nil, notAuthorized(sessionInvalid)
	}
	s.fate = fateSpent
	if c.hasFault(FaultExtraChallenge) {
		return c.askFactor(s.signIn, s.user, factorTOTP)
	}
	return c.signedIn(s.signIn, s.user)
}

// setUpEmail takes e-mail codes as the second factor instead of an app.
func (c *call) setUpEmail(s *session, address string) (object, error) {
	if !isEmail(address) {
		return nil, invalidParameter("Invalid email address format.")
	}
	if err := s.user.mayTake([]attribute{{"email", address}}); err != nil {
		return nil, err
	}
	s.fate = fateSpent
	s.user.setAttribute("email", address)
	s.user.setAttribute("email_verified", "false")
	return c.askFactor(s.signIn, s.user, factorEmail)
}

// answerTOTP is SOFTWARE_TOKEN_MFA.
func answerTOTP(c *call, s *session, responses object) (object, error) {
	code := responses.text("SOFTWARE_TOKEN_MFA_CODE")
	if code == "" {
		return nil, missing("SOFTWARE_TOKEN_MFA_CODE")
	}
	u := s.user
	if !u.registration.exists() {
		return nil, softwareTokenNotFound(totpMissing)
	}
	if err := c.mayTryCode(u); err != nil {
		return nil, err
	}
	switch step := matchTOTP(u.registration.key, code, c.now); {
	case step == noStep:
		c.codeFailed(u)
		return nil, codeMismatch(wrongTOTP)
	case step <= u.lastStep:
		return nil, expiredCode(totpReplayed)
	default:
		u.lastStep = step
	}
	s.fate = fateSpent
	c.event(u, "", "Mfa", "Success")
	return c.signedIn(s.signIn, u)
}

func (c *call) mayTryCode(u *user) error {
	if !c.p.switches.NoCodeLockout && u.lock.closed(c.now) {
		return notAuthorized(tooManyPasswords)
	}
	return nil
}

func (c *call) codeFailed(u *user) {
	if !c.p.switches.NoCodeLockout {
		u.lock.fail(c.now)
	}
	c.event(u, "Fail", "Mfa", "Failure")
}
