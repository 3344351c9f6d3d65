package simulate

import (
	"time"
)

// A signIn is an interactive sign-in to Entra ID.
type signIn struct {
	user      *User
	from      Address
	app       App
	agent     string
	client    string // Browser, Mobile Apps and Desktop clients, IMAP4, …
	result    string // 0 or an AADSTS error code
	mfa       bool
	sessionID string
}

// signInResults are the descriptions Entra ID logs with its error codes
// (https://learn.microsoft.com/entra/identity-platform/reference-error-codes).
var signInResults = map[string]string{
	"0":     "",
	"50126": "Error validating credentials due to invalid username or password.",
	"50053": "The account is locked, you've tried to sign in too many times with an incorrect user ID or password.",
	"50074": "Strong Authentication is required.",
	"50055": "The password is expired.",
}

// signsIn emits one row of SigninLogs.
func (r *run) signsIn(at time.Time, s signIn) {
	if s.client == "" {
		s.client = "Browser"
	}
	requirement := "singleFactorAuthentication"
	if s.mfa {
		requirement = "multiFactorAuthentication"
	}
	status := row{"errorCode": atoi(s.result)}
	if text := signInResults[s.result]; text != "" {
		status["failureReason"] = text
	}
	r.emit(at, "SigninLogs", row{
		"OperationName": "Sign-in activity", "Category": "SignInLogs", "ResultType": s.result, "ResultDescription": signInResults[s.result],
		"ResultSignature": map[bool]string{true: "SUCCESS", false: "FAILURE"}[s.result == "0"],
		"Identity":        s.user.DisplayName, "UserDisplayName": s.user.DisplayName, "UserPrincipalName": s.user.UPN, "UserId": s.user.ObjectID, "UserType": "Member",
		"AppDisplayName": s.app.Name, "AppId": s.app.ID, "ResourceDisplayName": s.app.Resource, "ClientAppUsed": s.client,
		"IPAddress": s.from.IP, "Location": s.from.Country, "AutonomousSystemNumber": itoa(s.from.ASN),
		"LocationDetails":           row{"city": s.from.City, "countryOrRegion": s.from.Country},
		"UserAgent":                 s.agent,
		"DeviceDetail":              row{"operatingSystem": s.user.Device.OS, "browser": "Edge", "deviceId": ""},
		"AuthenticationRequirement": requirement, "ConditionalAccessStatus": "notApplied", "Status": status,
		"IsInteractive": true, "CorrelationId": guid(r.random), "Id": guid(r.random), "CreatedDateTime": at.UTC().Format(time.RFC3339Nano),
		"UniqueTokenIdentifier": hexString(r.random, 22), "SessionId": s.sessionID,
		"RiskLevelDuringSignIn": "none", "RiskState": "none", "SourceSystem": "Azure AD", "AADTenantId": r.world.TenantID,
	})
}
