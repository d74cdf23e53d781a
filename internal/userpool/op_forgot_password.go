package userpool

const resetsPerHour = 20

// forgotPassword sends a code by which the password can be replaced. It leaves MFA alone.
func forgotPassword(c *call) (object, error) {
	cl, u, err := c.namedUser()
	if err != nil {
		return nil, err
	}
	switch {
	case u == nil && cl.preventExistence:
		details, err := c.simulateDelivery(c.input.text("Username"), purposeReset, resetsPerHour)
		return object{"CodeDeliveryDetails": details}, err
	case u == nil:
		return nil, userNotFound("Username/client id combination not found.")
	case u.disabled:
		return nil, notAuthorized(userDisabled)
	case u.status != statusConfirmed && u.status != statusResetRequired && u.status != statusUnconfirmed:
		return nil, notAuthorized("User password cannot be reset in the current state.")
	case !u.attempt("forgot", resetsPerHour, c.now):
		return nil, limitExceeded()
	}
	details, err := c.sendReset(u)
	return object{"CodeDeliveryDetails": details}, err
}

// sendReset sends the code to a verified address.
func (c *call) sendReset(u *user) (object, error) {
	for _, name := range []string{"email", "phone_number"} {
		if u.attribute(name) != "" && u.attribute(name+"_verified") == "true" {
			_, details, err := c.deliver(u, purposeReset, name, hourLong)
			return details, err
		}
	}
	return nil, invalidParameter("Cannot reset password for the user as there is no registered/verified email or phone_number")
}
