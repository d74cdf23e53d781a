package userpool

// getUserAttributeVerificationCode sends a code to an address of the bearer of an access token.
func getUserAttributeVerificationCode(c *call) (object, error) {
	g, err := c.access(c.input.text("AccessToken"))
	if err != nil {
		return nil, err
	}
	name := c.input.text("AttributeName")
	if name != "email" && name != "phone_number" || g.user.attribute(name) == "" {
		return nil, invalidParameter("Invalid attribute name provided: %s", name)
	}
	_, details, err := c.deliver(g.user, purposeVerify+purpose(name), name, dayLong)
	return object{"CodeDeliveryDetails": details}, err
}
