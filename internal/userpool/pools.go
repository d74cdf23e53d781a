package userpool

import (
	"slices"
	"strings"
)

// take sets what CreateUserPool or UpdateUserPool say about a pool. What they leave out goes back to its default, as
// in the service; what only the service could act on is kept to be told again.
func (up *userPool) take(input object) error {
	mfa := MFA(input.text("MfaConfiguration"))
	if mfa == "" {
		mfa = MFAOff
	}
	sms := input.has("SmsConfiguration")
	if mfa != MFAOff && !sms && !up.totp && !up.email {
		return invalidParameter("SMS configuration and Auto verification for phone_number are required when MFA is required/optional")
	}
	up.mfa, up.sms, up.policy = mfa, sms || up.sms, takePolicy(input.object("Policies").object("PasswordPolicy"))
	up.autoVerified = input.texts("AutoVerifiedAttributes")
	up.adminOnly = input.object("AdminCreateUserConfig").truth("AllowAdminCreateUserOnly")
	devices := input.object("DeviceConfiguration")
	up.devices, up.devicePrompt = input.has("DeviceConfiguration"), devices.truth("DeviceOnlyRememberedOnUserPrompt")
	for _, member := range []string{
		"AccountRecoverySetting", "AdminCreateUserConfig", "DeletionProtection", "DeviceConfiguration", "EmailConfiguration",
		"LambdaConfig", "Schema", "SmsConfiguration", "UserAttributeUpdateSettings", "UserPoolAddOns", "UserPoolTags",
		"UserPoolTier", "UsernameConfiguration", "VerificationMessageTemplate",
	} {
		if input.has(member) {
			up.settings[member] = input[member]
		}
	}
	return nil
}

func takePolicy(input object) PasswordPolicy {
	policy := defaultPolicy()
	if input == nil {
		return policy
	}
	policy = PasswordPolicy{
		MinimumLength: input.whole("MinimumLength", policy.MinimumLength),
		Upper:         input.truth("RequireUppercase"), Lower: input.truth("RequireLowercase"),
		Number: input.truth("RequireNumbers"), Symbol: input.truth("RequireSymbols"),
		TemporaryDays: input.whole("TemporaryPasswordValidityDays", policy.TemporaryDays),
		History:       input.whole("PasswordHistorySize", 0),
	}
	if policy.TemporaryDays == 0 {
		policy.TemporaryDays = defaultPolicy().TemporaryDays
	}
	return policy
}

// describe is a pool as DescribeUserPool shows it. Whether it offers authenticator apps is not among it; that only
// GetUserPoolMfaConfig tells.
func (up *userPool) describe(region string) object {
	output := object{
		"Id": up.id, "Name": up.name, "MfaConfiguration": up.mfa, "CreationDate": epoch(up.created), "LastModifiedDate": epoch(up.modified),
		"Arn": "arn:aws:cognito-idp:" + region + ":000000000000:userpool/" + up.id, "EstimatedNumberOfUsers": len(up.users),
		"Policies": object{"PasswordPolicy": object{
			"MinimumLength": up.policy.MinimumLength, "RequireUppercase": up.policy.Upper, "RequireLowercase": up.policy.Lower,
			"RequireNumbers": up.policy.Number, "RequireSymbols": up.policy.Symbol,
			"TemporaryPasswordValidityDays": up.policy.TemporaryDays,
		}},
		"UserPoolTier": "ESSENTIALS", "DeletionProtection": "INACTIVE",
		"AdminCreateUserConfig": object{"AllowAdminCreateUserOnly": up.adminOnly},
	}
	for member, list := range map[string][]string{
		"UsernameAttributes": up.usernameAttributes, "AliasAttributes": up.aliasAttributes, "AutoVerifiedAttributes": up.autoVerified,
	} {
		if len(list) > 0 {
			output[member] = list
		}
	}
	for member, value := range up.settings {
		output[member] = value
	}
	return output
}

// describeMFAConfig is what both MFA operations answer.
func (up *userPool) describeMFAConfig() object {
	output := object{"MfaConfiguration": up.mfa, "SoftwareTokenMfaConfiguration": object{"Enabled": up.totp}}
	if up.sms {
		output["SmsMfaConfiguration"] = object{"SmsAuthenticationMessage": "Your code is {####}"}
	}
	if up.email {
		output["EmailMfaConfiguration"] = object{"Message": "Your code is {####}", "Subject": "Your code"}
	}
	return output
}

// requiredOf are the attributes that a schema makes compulsory.
func requiredOf(schema []object) []string {
	var all []string
	for _, item := range schema {
		if item.truth("Required") && item.text("Name") != "sub" {
			all = append(all, item.text("Name"))
		}
	}
	slices.Sort(all)
	return all
}

func hasLegacy(flows []string) bool {
	return slices.ContainsFunc(flows, func(flow string) bool { return !strings.HasPrefix(flow, "ALLOW_") })
}

func hasModern(flows []string) bool {
	return slices.ContainsFunc(flows, func(flow string) bool { return strings.HasPrefix(flow, "ALLOW_") })
}
