using Tokenry.Protocol.Access;
using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Credentials;

namespace Tokenry.Server.Features.Verification;

/// <summary>What a door found out about one presented credential.</summary>
/// <param name="Code">One of <see cref="VerificationCode"/>.</param>
/// <param name="Credential">What it is.</param>
/// <param name="Scopes">What it may do at the API that was asked about.</param>
public readonly record struct Verdict(string Code, Authenticated Credential, ScopeSet Scopes)
{
    public bool IsValid => Code == VerificationCode.Valid;
}

/// <summary>The one decision behind every gateway door: who is it, may it do that, has it room left, and that it was asked.</summary>
public sealed class Door(Authenticator authenticator, LastUsed lastUsed)
{
    private const int LongestPresented = 8192;

    public async ValueTask<Verdict> CheckAsync(Catalog catalog, string presented, Requirement requirement, string? agent)
    {
        var credential =
            presented.Length > LongestPresented
                ? Authenticated.Failed(VerificationCode.Malformed)
                : await authenticator.AuthenticateAsync(presented);
        var (code, scopes) = credential.IsGood
            ? AccessDecision.Decide(catalog, credential, requirement)
            : (credential.Code, ScopeSet.Empty);
        if (code == VerificationCode.Valid)
        {
            lastUsed.Record(credential.CredentialId!, requirement.Address?.ToString(), agent);
        }

        return new Verdict(code, credential, scopes);
    }
}
