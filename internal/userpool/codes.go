package userpool

import (
	"strings"
	"time"
)

// purpose is what a code is for. A user has at most one live code for each.
type purpose string

const (
	purposeSignUp purpose = "sign-up"
	purposeReset  purpose = "password-reset"
	purposeVerify purpose = "attribute " // and the attribute's name
	purposeSignIn purpose = "sign-in"
)

// Codes to confirm an account or an attribute live a day, those to reset a password an hour (Cognito developer guide,
// "Quotas").
const (
	dayLong  = 24 * time.Hour
	hourLong = time.Hour
)

// sentCode is a code that was sent to a user.
type sentCode struct {
	code      string
	attribute string // where it was sent, and what it proves
	expires   time.Time
}

// Message is a text that a real pool would have sent.
type Message struct {
	Username    string    `json:"username"`
	Medium      string    `json:"medium"` // SMS or EMAIL
	Destination string    `json:"destination"`
	Code        string    `json:"code"` // or the temporary password of an invitation
	Purpose     string    `json:"purpose"`
	Time        time.Time `json:"time"`
}

const maxMessages = 1000

func (p *Pool) keepMessage(m Message) {
	if p.onMessage != nil {
		p.onMessage(m)
	}
	if len(p.messages) >= maxMessages {
		p.messages = append(p.messages[:0:0], p.messages[maxMessages/10:]...)
	}
	p.messages = append(p.messages, m)
}

// LastMessage is the newest text sent to a user, for tests that must type what it says.
func (p *Pool) LastMessage(username string) (Message, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.messages) - 1; i >= 0; i-- {
		if p.messages[i].Username == username {
			return p.messages[i], true
		}
	}
	return Message{}, false
}

// deliver sends a code to an attribute and answers CodeDeliveryDetails.
func (c *call) deliver(u *user, what purpose, attribute string, life time.Duration) (string, object, error) {
	message, details, err := c.newCode(u, what, attribute, life)
	if err != nil {
		return "", nil, err
	}
	c.p.keepMessage(message)
	return message.Code, details, nil
}

func (c *call) newCode(u *user, what purpose, attribute string, life time.Duration) (Message, object, error) {
	code, err := c.p.text(alphabetDigit, 6)
	if err != nil {
		return Message{}, nil, err
	}
	if u.codes == nil {
		u.codes = map[purpose]*sentCode{}
	}
	if what != purposeSignIn { // that one belongs to its session
		u.codes[what] = &sentCode{code: code, attribute: attribute, expires: c.now.Add(life)}
	}
	details := deliveryDetails(attribute, u.attribute(attribute))
	medium, _ := details["DeliveryMedium"].(string)
	return Message{
		Username: u.name, Medium: medium, Destination: u.attribute(attribute), Code: code, Purpose: string(what), Time: c.now,
	}, details, nil
}

// simulateDelivery is what somebody is told who asks for a user who does not exist: the same every time. A code is made
// as for one who does, so that the time until the answer tells nothing either.
func (c *call) simulateDelivery(name string, what purpose, perHour int) (object, error) {
	first := "a"
	if name != "" {
		first = name[:1]
	}
	nobody := &user{name: name, attributes: []attribute{{"email", first + "@e"}}}
	nobody.attempt(string(what), perHour, c.now)
	_, details, err := c.newCode(nobody, what, "email", hourLong)
	return details, err
}

func deliveryDetails(attribute, address string) object {
	if attribute == "phone_number" {
		return object{"AttributeName": attribute, "DeliveryMedium": "SMS", "Destination": masked(factorSMS, address)}
	}
	return object{"AttributeName": attribute, "DeliveryMedium": "EMAIL", "Destination": masked(factorEmail, address)}
}

// send sends the code of a second factor.
func (c *call) send(u *user, f factor) (string, object, error) {
	attribute := "email"
	if f == factorSMS {
		attribute = "phone_number"
	}
	return c.deliver(u, purposeSignIn, attribute, 0)
}

// redeem takes a code back. A right one is spent and the attribute that it was sent to is verified.
func (c *call) redeem(u *user, what purpose, code string, perHour int) error {
	if !u.attempt(string(what), perHour, c.now) {
		return limitExceeded()
	}
	sent := u.codes[what]
	switch {
	case sent == nil || !c.now.Before(sent.expires):
		return expiredCode(staleVerification)
	case !same(sent.code, code):
		return codeMismatch(wrongVerification)
	}
	delete(u.codes, what)
	delete(u.attempts, string(what))
	if u.attribute(sent.attribute) != "" {
		u.setAttribute(sent.attribute+"_verified", "true")
	}
	return nil
}

// attempt counts a try and reports whether it is within the allowance of an hour.
func (u *user) attempt(what string, perHour int, now time.Time) bool {
	if u.attempts == nil {
		u.attempts = map[string][]time.Time{}
	}
	tries := u.attempts[what]
	for len(tries) > 0 && now.Sub(tries[0]) >= hourLong {
		tries = tries[1:]
	}
	if len(tries) >= perHour {
		return false
	}
	u.attempts[what] = append(tries, now)
	return true
}

func isEmail(text string) bool {
	name, domain, found := strings.Cut(text, "@")
	return found && name != "" && domain != "" && !strings.ContainsAny(text, " \t\r\n") && !strings.Contains(domain, "@")
}

// isPhone reports a number as E.164 writes it: a plus and up to fifteen digits.
func isPhone(text string) bool {
	digits, found := strings.CutPrefix(text, "+")
	return found && len(digits) >= 4 && len(digits) <= 15 && strings.Trim(digits, alphabetDigit) == ""
}
