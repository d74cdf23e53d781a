package userpool

const resendsPerHour = 5

// resendConfirmationCode sends the code of SignUp again, a new one.
func resendConfirmationCode(c *call) (object, error) {
	cl, u, err := c.namedUser()
	if err != nil {
		return nil, err
	}
	switch {
	case u == nil && cl.preventExistence:
		details, err := c.simulateDelivery(c.input.text("Username"), purposeSignUp, resendsPerHour)
		return object{"CodeDeliveryDetails": details}, err
	case u == nil:
		return nil, userNotFound("Username/client id combination not found.")
	case u.status != statusUnconfirmed:
		return nil, invalidParameter("User is already confirmed.")
	}
	attribute := u.confirmBy()
	if attribute == "" {
		return nil, invalidParameter("Cannot resend codes. Auto verification not turned on.")
	}
	if !u.attempt("resend", resendsPerHour, c.now) {
		return nil, limitExceeded()
	}
	_, details, err := c.deliver(u, purposeSignUp, attribute, dayLong)
	return object{"CodeDeliveryDetails": details}, err
}
