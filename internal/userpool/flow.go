package userpool

import (
	"encoding/json"
	"fmt"
	"strings"
)

// signIn is what a sign-in carries from its first factor to its tokens.
type signIn struct {
	client    *client
	scopes    []string // nil: the one that the API grants
	nonce     string
	deviceKey string
	by        caller
	custom    bool // CUSTOM_AUTH: the script follows the password
	oauth     *authorization
}

// takeDevice notes the device key that comes with an answer: clients that sign in by SRP send it only there.
func (s *signIn) takeDevice(responses object) {
	if key := responses.text("DEVICE_KEY"); key != "" {
		s.deviceKey = key
	}
}

// client finds an app client, within one pool if an admin operation names one.
func (c *call) client(id string) (*client, error) {
	found := c.p.clients[id]
	if found == nil || c.input.has("UserPoolId") && found.pool.id != c.input.text("UserPoolId") {
		return nil, resourceNotFound("User pool client " + id + " does not exist.")
	}
	return found, nil
}

// missing says which parameter of a flow or a challenge was not sent.
func missing(name string) *exception { return invalidParameter("Missing required parameter %s", name) }

// unknownUser refuses a name that nobody has, in the client's way. Administrators are always told.
func (s signIn) unknownUser() *exception {
	if s.client.preventExistence && s.by != administrator {
		return notAuthorized(wrongPassword)
	}
	return userNotFound(noSuchUser)
}

// mayTry refuses an account that cannot sign in whatever the password is.
func (c *call) mayTry(u *user) error {
	switch {
	case u.status == statusUnconfirmed:
		return userNotConfirmed()
	case u.disabled:
		return notAuthorized(userDisabled)
	case u.lock.closed(c.now):
		return notAuthorized(tooManyPasswords)
	}
	return nil
}

// checkPassword is the first factor of the flows that send the password.
func (c *call) checkPassword(u *user, text string) error {
	if err := c.mayTry(u); err != nil {
		return err
	}
	if !u.passwordIs(text) {
		u.lock.fail(c.now)
		c.event(u, "Fail", "Password", "Failure")
		return notAuthorized(wrongPassword)
	}
	return nil
}

// afterPassword goes on after a right password.
func (c *call) afterPassword(s signIn, u *user) (object, error) {
	switch {
	case u.status == statusResetRequired:
		return nil, passwordResetRequired()
	case u.status == statusForceChange && u.temporaryExpired(c.now):
		return nil, notAuthorized("Temporary password has expired and must be reset by an administrator.")
	}
	c.event(u, "InProgress", "Password", "Success")
	if u.status == statusForceChange {
		return c.newPasswordRequired(s, u)
	}
	return c.afterFirstFactor(s, u)
}

// afterFirstFactor asks for what the pool wants beside the password (Cognito developer guide, "MFA logic at user
// runtime", corrected by what is observed: an enabled factor is asked for, a registration alone is not, except where
// the pool requires MFA).
func (c *call) afterFirstFactor(s signIn, u *user) (object, error) {
	up := u.pool
	if s.custom {
		return c.customRound(s, u, 0, 0)
	}
	if up.devices && u.knownDevice(s.deviceKey) != nil {
		return c.challenge(&session{client: s.client, user: u, signIn: s, challenge: "DEVICE_SRP_AUTH"}, object{})
	}
	if up.mfa == MFAOff {
		return c.signedIn(s, u)
	}
	usable := up.usable(u)
	switch {
	case u.preferred != "" && contains(usable, u.preferred):
		return c.askFactor(s, u, u.preferred)
	case len(usable) == 1:
		return c.askFactor(s, u, usable[0])
	case len(usable) > 1:
		return c.selectFactor(s, u, usable)
	case u.registration.exists() && (up.mfa == MFAOn || c.p.switches.ChallengeOnRegistration):
		return c.askFactor(s, u, factorTOTP)
	case up.mfa == MFAOptional:
		return c.signedIn(s, u)
	case up.sms && u.attribute("phone_number_verified") == "true":
		return c.askFactor(s, u, factorSMS)
	case up.email && u.attribute("email_verified") == "true":
		return c.askFactor(s, u, factorEmail)
	}
	return c.setUp(s, u)
}

// usable are the enabled factors that can be asked for. An authenticator app goes on working after the pool's switch
// was turned off.
func (up *userPool) usable(u *user) []factor {
	var all []factor
	for _, f := range u.enabled {
		switch {
		case f == factorTOTP && u.registration.exists(),
			f == factorSMS && up.sms && u.attribute("phone_number") != "",
			f == factorEmail && up.email && u.attribute("email") != "":
			all = append(all, f)
		}
	}
	return all
}

func contains(factors []factor, f factor) bool {
	for _, other := range factors {
		if other == f {
			return true
		}
	}
	return false
}

// challenge issues a session and answers with its challenge.
func (c *call) challenge(s *session, parameters object) (object, error) {
	issue := c.p.issue
	if s.challenge == "MFA_SETUP" {
		issue = c.p.beginSetup
	}
	text, err := issue(s, c.now)
	if err != nil {
		return nil, err
	}
	return object{"ChallengeName": s.challenge, "Session": text, "ChallengeParameters": parameters}, nil
}

// setUp is MFA_SETUP: the pool requires a factor and the user has none.
func (c *call) setUp(s signIn, u *user) (object, error) {
	can := []string{}
	if u.pool.sms {
		can = append(can, string(factorSMS))
	}
	if u.pool.totp {
		can = append(can, string(factorTOTP))
	}
	if u.pool.email {
		can = append(can, string(factorEmail))
	}
	return c.challenge(&session{client: s.client, user: u, signIn: s, challenge: "MFA_SETUP"}, object{
		"MFAS_CAN_SETUP": jsonText(can), "USER_ID_FOR_SRP": u.name,
	})
}

// newPasswordRequired is the challenge of a temporary password. Attributes travel as JSON text in a string, as every
// challenge parameter must.
func (c *call) newPasswordRequired(s signIn, u *user) (object, error) {
	attributes := map[string]string{}
	for _, a := range u.attributes {
		if a.name != "sub" {
			attributes[a.name] = a.value
		}
	}
	return c.challenge(&session{client: s.client, user: u, signIn: s, challenge: "NEW_PASSWORD_REQUIRED"}, object{
		"USER_ID_FOR_SRP": u.name, "requiredAttributes": jsonText(u.missingAttributes()), "userAttributes": jsonText(attributes),
	})
}

// missingAttributes are the required ones that the user has no value for, as requiredAttributes names them.
func (u *user) missingAttributes() []string {
	all := []string{}
	for _, name := range u.pool.required {
		if u.attribute(name) == "" {
			all = append(all, "userAttributes."+name)
		}
	}
	return all
}

// askFactor is the challenge of one second factor.
func (c *call) askFactor(s signIn, u *user, f factor) (object, error) {
	if f != factorTOTP {
		return c.askCode(s, u, string(f), f)
	}
	parameters := object{"USER_ID_FOR_SRP": u.name}
	if u.registration.device != "" {
		parameters["FRIENDLY_DEVICE_NAME"] = u.registration.device
	}
	return c.challenge(&session{client: s.client, user: u, signIn: s, challenge: string(f)}, parameters)
}

// askCode is a challenge with a code that is sent: a second factor, or a first one in USER_AUTH.
func (c *call) askCode(s signIn, u *user, challenge string, f factor) (object, error) {
	code, details, err := c.send(u, f)
	if err != nil {
		return nil, err
	}
	proves, _ := details["AttributeName"].(string)
	next := &session{client: s.client, user: u, signIn: s, challenge: challenge, code: code, proves: proves}
	return c.challenge(next, object{
		"USER_ID_FOR_SRP": u.name, "CODE_DELIVERY_DELIVERY_MEDIUM": details["DeliveryMedium"],
		"CODE_DELIVERY_DESTINATION": details["Destination"],
	})
}

// selectFactor is SELECT_MFA_TYPE: several factors are enabled and none is preferred.
func (c *call) selectFactor(s signIn, u *user, usable []factor) (object, error) {
	names := make([]string, 0, len(usable))
	for _, f := range usable {
		names = append(names, string(f))
	}
	parameters := object{"MFAS_CAN_CHOOSE": jsonText(names), "USER_ID_FOR_SRP": u.name}
	if contains(usable, factorTOTP) && u.registration.device != "" {
		parameters["FRIENDLY_DEVICE_NAME"] = u.registration.device
	}
	next := &session{client: s.client, user: u, signIn: s, challenge: "SELECT_MFA_TYPE", offered: usable}
	return c.challenge(next, parameters)
}

// signedIn ends a sign-in: an authorization code for the OAuth pages, else tokens, and a new device to remember where the pool tracks devices.
//
// Only here are wrong attempts forgotten: if the password alone did it, whoever knows it could guess codes for ever.
func (c *call) signedIn(s signIn, u *user) (object, error) {
	u.lock = lock{}
	if s.oauth != nil {
		return c.issueCode(s, u)
	}
	g, err := c.newGrant(s, u)
	if err != nil {
		return nil, err
	}
	c.event(u, "Pass", "", "")
	result, err := c.tokens(g, true)
	if err != nil {
		return nil, err
	}
	if err := c.offerDevice(g, result); err != nil {
		return nil, err
	}
	return object{"AuthenticationResult": result, "ChallengeParameters": object{}}, nil
}

func jsonText(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprintf("%q", err) // lists and maps of strings always marshal
	}
	return string(text)
}

// masked hides most of an address, as CodeDeliveryDetails shows it.
func masked(f factor, address string) string {
	if f == factorSMS {
		return "+" + strings.Repeat("*", max(0, len(address)-5)) + address[max(0, len(address)-4):]
	}
	name, domain, _ := strings.Cut(address, "@")
	return name[:min(1, len(name))] + "***@" + domain[:min(1, len(domain))] + "***"
}
