package userpool

import "slices"

// updateUserAttributes sets attributes of the bearer of an access token. A changed address must be verified again.
func updateUserAttributes(c *call) (object, error) {
	g, err := c.access(c.input.text("AccessToken"))
	if err != nil {
		return nil, err
	}
	u := g.user
	attributes, err := attributesOf(c.input.list("UserAttributes"), false)
	if err != nil {
		return nil, err
	}
	if err := u.mayTake(attributes); err != nil {
		return nil, err
	}
	deliveries := []object{}
	for _, a := range attributes {
		changed := u.attribute(a.name) != a.value
		u.setAttribute(a.name, a.value)
		if !changed || a.name != "email" && a.name != "phone_number" {
			continue
		}
		u.setAttribute(a.name+"_verified", "false")
		if slices.Contains(u.pool.autoVerified, a.name) && a.value != "" {
			_, details, err := c.deliver(u, purposeVerify+purpose(a.name), a.name, dayLong)
			if err != nil {
				return nil, err
			}
			deliveries = append(deliveries, details)
		}
	}
	u.modified = c.now
	return object{"CodeDeliveryDetailsList": deliveries}, nil
}
