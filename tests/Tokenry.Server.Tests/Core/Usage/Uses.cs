using System.Net;
using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Usage;

namespace Tokenry.Server.Tests.Core.Usage;

/// <summary>Decisions as a door makes them, without the door.</summary>
internal static class Uses
{
    public static readonly ApiResourceFacts Api = new()
    {
        Id = "res_1",
        Identifier = "https://api.example.com",
        Scopes = ScopeSet.Of(Enumerable.Range(0, 20).Select(i => $"s{i}")),
        AcceptedKinds = [CredentialKind.ApiKey],
        ObjectTypes = [],
        ObjectsInTokens = false,
        AccessTokenLifetime = TimeSpan.FromMinutes(5),
        ResourceServers = [],
    };

    public static Use Unknown(string ip, string code = VerificationCode.Unknown) => Of(AuthenticationFailure.Of(code), code, ip);

    public static Use Of(string credentialId, string code, string? ip, params string[] scopes) =>
        Of(Credential(credentialId), code, ip, scopes);

    public static AuthenticationResult Credential(string id) =>
        AuthenticatedCredential.Judge(
            new CredentialFacts
            {
                Id = id,
                Kind = CredentialKind.ApiKey,
                Name = "x",
                Masked = "x",
                OwnerId = "app_1",
                CreatedAt = DateTimeOffset.UnixEpoch,
                Secrets = [],
            },
            new PrincipalFacts
            {
                Id = "app_1",
                Type = PrincipalType.Application,
                Name = "x",
                Active = true,
                RoleIds = [],
            },
            DateTimeOffset.UnixEpoch
        );

    private static Use Of(AuthenticationResult credential, string code, string? ip, params string[] scopes) =>
        new()
        {
            Door = DoorNames.ForwardAuth,
            Result = AuditReason.Of(code),
            Credential = credential,
            Api = Api,
            Scopes = ScopeSet.Of(scopes),
            From = From(ip),
        };

    public static UseCircumstances From(string? ip) => new(ip is null ? null : IPAddress.Parse(ip), "curl", "req_1");
}
