package userpool

const confirmTriesPerHour = 15

// confirmSignUp confirms an account by the code that SignUp sent.
func confirmSignUp(c *call) (object, error) {
	cl, u, err := c.namedUser()
	if err != nil {
		return nil, err
	}
	switch {
	case u == nil && cl.preventExistence:
		return nil, codeMismatch(wrongVerification)
	case u == nil:
		return nil, userNotFound("Username/client id combination not found.")
	case u.status != statusUnconfirmed:
		return nil, notAuthorized("User cannot be confirmed. Current status is " + u.status)
	}
	if sent := u.codes[purposeSignUp]; sent != nil && !c.input.truth("ForceAliasCreation") {
		holder := u.pool.aliases[aliasKey(sent.attribute, u.attribute(sent.attribute))]
		if holder != nil && holder != u && holder.status != statusUnconfirmed {
			return nil, aliasExists("An account with the " + sent.attribute + " already exists.")
		}
	}
	if err := c.redeem(u, purposeSignUp, c.input.text("ConfirmationCode"), confirmTriesPerHour); err != nil {
		return nil, err
	}
	u.status, u.modified = statusConfirmed, c.now
	for _, name := range u.pool.signInAttributes() { // the one who confirms takes the alias
		if value := u.attribute(name); value != "" {
			u.pool.aliases[aliasKey(name, value)] = u
		}
	}
	return object{}, nil
}

// namedUser finds the client and the user, if there is one, of the operations that name them in the body.
func (c *call) namedUser() (*client, *user, error) {
	cl, err := c.client(c.input.text("ClientId"))
	if err != nil {
		return nil, nil, err
	}
	name := c.input.text("Username")
	u := cl.pool.find(name)
	if fault := cl.checkHash(c.input.text("SecretHash"), name); fault != nil {
		return nil, nil, fault
	}
	return cl, u, nil
}
