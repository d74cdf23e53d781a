package userpool

// adminCreateUser makes an account with a temporary password, or invites an existing one again.
func adminCreateUser(c *call) (object, error) {
	up, err := c.userPool()
	if err != nil {
		return nil, err
	}
	temporary := c.input.text("TemporaryPassword")
	if temporary == "" {
		if temporary, err = c.p.memorable(); err != nil {
			return nil, err
		}
	}
	if c.input.text("MessageAction") == "RESEND" {
		return c.inviteAgain(up, temporary)
	}
	attributes, err := attributesOf(c.input.list("UserAttributes"), true)
	if err != nil {
		return nil, err
	}
	u, err := c.p.newUser(up, c.input.text("Username"), attributes, c.now)
	if err != nil {
		return nil, err
	}
	if err := up.aliasesFree(u, c.input.truth("ForceAliasCreation")); err != nil {
		return nil, err
	}
	u.status = statusForceChange
	if fault := u.setPassword(temporary, true, c.now); fault != nil {
		return nil, fault
	}
	up.add(u)
	c.invite(u, temporary)
	return object{"User": u.describe("Attributes", nil)}, nil
}

// inviteAgain is MessageAction RESEND: a new temporary password for somebody who never used the first.
func (c *call) inviteAgain(up *userPool, temporary string) (object, error) {
	u := up.findAdmin(c.input.text("Username"))
	if u == nil {
		return nil, userNotFound(noSuchUser)
	}
	if u.status != statusForceChange {
		return nil, unsupportedUserState("Resend not possible. " + u.name + " status is not FORCE_CHANGE_PASSWORD")
	}
	if fault := u.setPassword(temporary, true, c.now); fault != nil {
		return nil, fault
	}
	u.modified = c.now
	c.invite(u, temporary)
	return object{"User": u.describe("Attributes", nil)}, nil
}

// invite keeps the invitation for the control interface, unless the caller will tell the password himself.
func (c *call) invite(u *user, temporary string) {
	if c.input.text("MessageAction") == "SUPPRESS" {
		return
	}
	medium, destination := "EMAIL", u.attribute("email")
	for _, wanted := range c.input.texts("DesiredDeliveryMediums") {
		if wanted == "SMS" {
			medium, destination = "SMS", u.attribute("phone_number")
		}
	}
	c.p.keepMessage(Message{
		Username: u.name, Medium: medium, Destination: destination, Code: temporary, Purpose: "invitation", Time: c.now,
	})
}
