using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Features.OAuth.ClientAuthentication;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Features.OAuth;

/// <summary>
/// <c>POST /oauth/renew</c>: a client replaces the credential it authenticates with; it needs no right at Tokenry's own API. It replaces a client secret by
/// a new one, or a public key or certificate by the next. The old and the new credential both work for the overlap.
/// </summary>
public sealed class RenewalEndpoint(ClientAuthenticator clients, RotateCredential rotate, RenewRegistered renew, TimeProvider time)
{
    private const int DefaultOverlap = 3600;

    public async Task ServeAsync(HttpContext context, FormParameters form)
    {
        var client = await clients.AuthenticateAsync(context, form);
        var overlap = Overlap(form);
        // The fingerprint covers the request, not the client authentication: each attempt carries a different assertion.
        RequestFacts.Of(context).BodyHash = SHA256.HashData(
            Encoding.UTF8.GetBytes($"{form["overlap_seconds"]}\n{form["jwk"]}\n{form["certificate"]}")
        );
        try
        {
            var renewed = client.Credential.Kind switch
            {
                CredentialKind.ClientSecret => await rotate.RunOwnAsync(
                    client,
                    new CredentialAddress(CredentialFamily.ClientSecrets, client.CredentialId!, client.Principal.Id),
                    new RotationRequest { OverlapSeconds = overlap }
                ),
                CredentialKind.PublicKey => await renew.RunOwnAsync(client, PublicKeyMaterial.Read(NextKey(client, form)), overlap),
                CredentialKind.Certificate => await renew.RunOwnAsync(client, NextCertificate(client, form), overlap),
                _ => throw OAuthError.InvalidRequest("a client that authenticated like this has nothing to renew here"),
            };
            context.Response.ContentType = MediaType.Json;
            await JsonSerializer.SerializeAsync(context.Response.Body, renewed, TokenryJson.Strict, context.RequestAborted);
        }
        catch (ProblemException problem) when (problem.Status is 400 or 409 or 422)
        {
            throw problem.Code switch
            {
                ProblemCode.SecretSuperseded => OAuthError.SecretSuperseded(),
                ProblemCode.PolicyViolation => OAuthError.PolicyViolation(problem.Message),
                ProblemCode.IdempotencyKeyReused => OAuthError.IdempotencyKeyReused(),
                _ => OAuthError.InvalidRequest(
                    problem.Status == 409
                        ? "the credential is not active, or the next one is registered already"
                        : "overlap_seconds, jwk or certificate is not good"
                ),
            };
        }
    }

    private static int Overlap(FormParameters form) =>
        form["overlap_seconds"] is not { } text ? DefaultOverlap
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? seconds
        : throw OAuthError.InvalidRequest("overlap_seconds is not a number");

    private static CredentialFacts Stored(Caller client) =>
        client.Credential.Stored ?? throw OAuthError.InvalidRequest("a client that authenticated like this has nothing to renew here");

    private static PublicKeyRequest NextKey(Caller client, FormParameters form)
    {
        if (form["jwk"] is not { } text || !StrictJson.TryParseObject(Encoding.UTF8.GetBytes(text), out var document))
        {
            throw OAuthError.InvalidRequest("jwk is missing or not a JSON Web Key: the public half of the key that shall follow");
        }

        using (document)
        {
            return new PublicKeyRequest { Name = Stored(client).Name, Jwk = document.RootElement.Clone() };
        }
    }

    private RegisteredMaterial NextCertificate(Caller client, FormParameters form)
    {
        var registered = Stored(client);
        if (registered.Certificate is { IsRule: true })
        {
            throw OAuthError.InvalidRequest(
                "the client is known by a name: the next certificate of that name is good without renewal here"
            );
        }

        var next = new ClientCertificateRequest
        {
            Name = registered.Name,
            Certificate =
                form["certificate"] ?? throw OAuthError.InvalidRequest("certificate is missing: in PEM, the one that shall follow"),
        };
        return CertificateMaterial.Read(next, time.GetUtcNow()).Material;
    }
}
