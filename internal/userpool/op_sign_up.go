package userpool

import "slices"

// signUp makes an account that its owner must confirm.
func signUp(c *call) (object, error) {
	cl, err := c.client(c.input.text("ClientId"))
	if err != nil {
		return nil, err
	}
	name, up := c.input.text("Username"), cl.pool
	if fault := cl.checkHash(c.input.text("SecretHash"), name); fault != nil {
		return nil, fault
	}
	if up.adminOnly {
		return nil, notAuthorized("SignUp is not permitted for this user pool")
	}
	attributes, err := attributesOf(c.input.list("UserAttributes"), false)
	if err != nil {
		return nil, err
	}
	u, err := c.p.newUser(up, name, attributes, c.now)
	if err != nil {
		return nil, err
	}
	if lacking := u.missingAttributes(); len(lacking) > 0 {
		return nil, invalidParameter("Attributes did not conform to the schema: %s: The attribute is required", lacking[0][len("userAttributes."):])
	}
	u.status = statusUnconfirmed
	if fault := u.setPassword(c.input.text("Password"), false, c.now); fault != nil {
		return nil, fault
	}
	up.add(u)
	output := object{"UserConfirmed": false, "UserSub": u.sub}
	if attribute := u.confirmBy(); attribute != "" {
		_, details, err := c.deliver(u, purposeSignUp, attribute, dayLong)
		if err != nil {
			return nil, err
		}
		output["CodeDeliveryDetails"] = details
	}
	return output, nil
}

// confirmBy is the attribute that the confirmation code of a new account goes to: the phone first, as the service does.
func (u *user) confirmBy() string {
	for _, name := range []string{"phone_number", "email"} {
		if slices.Contains(u.pool.autoVerified, name) && u.attribute(name) != "" {
			return name
		}
	}
	return ""
}
