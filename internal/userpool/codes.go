package userpool

import "time"

// sentCode is a code that was sent to a user.
type sentCode struct {
	code    string
	expires time.Time
}

// Message is a text that the pool would have sent.
type Message struct {
	Username    string    `json:"username"`
	Medium      string    `json:"medium"` // SMS or EMAIL
	Destination string    `json:"destination"`
	Code        string    `json:"code"`
	Time        time.Time `json:"time"`
}

// send makes a six-digit code, keeps the message for the control interface and answers how it was delivered.
func (c *call) send(u *user, f factor) (string, object, error) {
	code, err := c.p.text(alphabetDigit, 6)
	if err != nil {
		return "", nil, err
	}
	medium, name := "EMAIL", "email"
	if f == factorSMS {
		medium, name = "SMS", "phone_number"
	}
	c.p.messages[u] = Message{Username: u.name, Medium: medium, Destination: u.attribute(name), Code: code, Time: c.now}
	return code, object{
		"AttributeName": name, "DeliveryMedium": medium, "Destination": masked(f, u.attribute(name)),
	}, nil
}
