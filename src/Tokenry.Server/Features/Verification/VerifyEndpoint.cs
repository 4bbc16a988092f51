using System.Net;
using System.Text.Json;
using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Protocol.Proofs;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Doors;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Platform.Certificates;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Features.Verification;

/// <summary>Verifies a credential for a caller: with <c>verify</c> for any API, or as a resource server for its own API.</summary>
public sealed class VerifyEndpoint(Gate gate, CallerJudge judge, Door door, CatalogCache catalogs, DpopNonces nonces)
{
    private const int MostItems = 100;

    private static readonly Body<VerifyRequest>.Ordinary Ordinary = VerifyRequestReader.Read;

    public async Task ServeAsync(HttpContext context)
    {
        var request = (await Body<VerifyRequest>.ReadAsync(context, Ordinary)).Value;
        var caller = await judge.IfOldAsync(Caller.Of(context)!);
        var catalog = await catalogs.GetAsync();
        var check = new Validation();
        var question = await ReadAsync(caller, catalog, request, check, "");
        check.ThrowIfAny();
        var verdict = await door.CheckAsync(catalog, request.Token, question);
        JsonAnswer.WriteObject(
            context.Response,
            (catalog, question.Requirement, verdict, nonces, caller),
            static (json, found) => Write(json, found.catalog, found.Requirement, found.verdict, found.nonces, found.caller)
        );
    }

    /// <summary>Verifies up to a hundred credentials, in order. One malformed item refuses the whole batch, before any item counts against a limit.</summary>
    public async Task ServeBatchAsync(HttpContext context)
    {
        var items = (await Body<VerifyBatchRequest>.ReadAsync(context)).Value.Items;
        var caller = await judge.IfOldAsync(Caller.Of(context)!);
        var check = new Validation();
        check.Require(items.Count is > 0 and <= MostItems, "items", $"needs 1 to {MostItems}");
        check.Require(!items.Contains(null!), "items", "holds null");
        check.ThrowIfAny();
        var catalog = await catalogs.GetAsync();
        var questions = new DoorRequest[items.Count];
        for (var i = 0; i < questions.Length; i++)
        {
            questions[i] = await ReadAsync(caller, catalog, items[i], check, $"items[{i}].");
        }

        check.ThrowIfAny();

        var verdicts = new Verdict[questions.Length];
        for (var i = 0; i < verdicts.Length; i++)
        {
            verdicts[i] = await door.CheckAsync(catalog, items[i].Token, questions[i]);
        }

        JsonAnswer.WriteObject(
            context.Response,
            (catalog, questions, verdicts, nonces, caller),
            static (json, found) =>
            {
                json.WriteStartArray("items"u8);
                for (var i = 0; i < found.verdicts.Length; i++)
                {
                    json.WriteStartObject();
                    Write(json, found.catalog, found.questions[i].Requirement, found.verdicts[i], found.nonces, found.caller);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            }
        );
    }

    private static void Write(
        Utf8JsonWriter json,
        Catalog catalog,
        in Requirement requirement,
        in Verdict verdict,
        DpopNonces nonces,
        Caller caller
    )
    {
        if (!verdict.IsValid && caller.Management.Contains(ManagementApi.Verify))
        {
            VerifyAnswerWriter.WriteExplained(json, catalog, requirement, verdict, nonces);
        }
        else
        {
            VerifyAnswerWriter.Write(json, catalog, requirement, verdict, nonces);
        }
    }

    /// <summary>Parses the requested check; do not use the result if <paramref name="check"/> found a fault.</summary>
    private async ValueTask<DoorRequest> ReadAsync(Caller caller, Catalog catalog, VerifyRequest request, Validation check, string at)
    {
        IPAddress? address = null;
        check.Require(request.Ip is null || AddressText.TryParse(request.Ip, out address), at + "ip", "is not an IP address");
        check.Require(request.Object is null || ObjectPattern.IsValidObject(request.Object), at + "object", "is not type:id");
        check.Require(
            request.Organization is null || PublicId.IsWellFormed(request.Organization, "org"),
            at + "organization",
            "is not the id of an organization"
        );
        check.Require(
            request.Scopes is null || request.Scopes.All(scope => ScopeName.IsValid(scope)),
            at + "scopes",
            "holds something that is no scope"
        );
        check.Require(request.Token is not null || IsSigned(request), at + "token", "is required");
        check.Text(at + "method", request.Method, 20);
        check.Text(at + "path", request.Path, 2000);
        var proof = Proof(request, check, at);
        check.Require(request.Scopes is not { Count: > 100 }, at + "scopes", "more than 100");
        var api = await ApiAsync(caller, catalog, request, check, at);
        var requirement = new Requirement
        {
            Api = api is null ? null : catalog.Resource(api),
            ApiIsUnknown = api is not null && catalog.Resource(api) is null,
            Scopes = request.Scopes is { Count: > 0 } scopes && check.IsEmpty ? ScopeSet.Of(scopes) : ScopeSet.Empty,
            Organization = request.Organization,
            Object = request.Object,
            Possession = Possession.Bearer, // until the door has checked the proof
            Address = address,
        };
        // The agent is that of the resource server, not of the client that presented the credential.
        var from = new UseCircumstances(requirement.Address, Agent: null, caller.Request.RequestId);
        var about = ForwardedRequest.Read(request.Method, request.Path);
        return new DoorRequest(DoorNames.Verify, requirement, from, about) { Proof = proof };
    }

    /// <summary>The requested API; for a resource server, it must be one of its own.</summary>
    private async ValueTask<string?> ApiAsync(Caller caller, Catalog catalog, VerifyRequest request, Validation check, string at)
    {
        if (caller.Management.Contains(ManagementApi.Verify))
        {
            var needsApi = request.Api is null && (request.Scopes is { Count: > 0 } || request.Object is not null);
            if (needsApi && ResourceServerOf(caller, catalog) is [var only])
            {
                return only;
            }

            check.Require(!needsApi, at + "api", "is needed with scopes or object");
            return request.Api;
        }

        var own = ResourceServerOf(caller, catalog);
        if (request.Api is { } asked && own.Contains(asked, StringComparer.Ordinal))
        {
            return asked;
        }

        if (own.Count == 0 || request.Api is not null)
        {
            // Refused, and audited like every management denial.
            await gate.AuthorizeAsync(caller, new Demand(ManagementApi.Verify), "credential.verified");
        }

        check.Require(own.Count == 1, at + "api", "is needed: this application serves several APIs");
        return own.Count == 1 ? own[0] : null;
    }

    private static List<string> ResourceServerOf(Caller caller, Catalog catalog) =>
        caller.Principal.IsUser || !Capabilities.Of(caller.Credential.Kind).ActsForOwner
            ? []
            : [.. catalog.Resources.Where(api => api.ResourceServers.Contains(caller.Principal.Id)).Select(api => api.Identifier)];

    private PresentedProof? Proof(VerifyRequest request, Validation check, string at)
    {
        if (request.Proof is not { } proof)
        {
            return null;
        }

        Uri? uri = null;
        check.Require(
            proof.Uri is null || (Uri.TryCreate(proof.Uri, UriKind.Absolute, out uri) && uri.Scheme is "https" or "http"),
            at + "proof.uri",
            "is not an http(s) address"
        );
        var thumbprint = proof.Certificate is { } certificate ? Thumbprint(certificate) : null;
        check.Require(
            proof.Certificate is null || thumbprint is not null,
            at + "proof.certificate",
            "is not one certificate, in PEM or as the base64 of its DER"
        );
        check.Require(proof.Headers is null || proof.Uri is not null, at + "proof.uri", "is needed with headers");
        check.Require(proof.Headers is null || request.Method is not null, at + "method", "is needed with proof.headers");
        check.Require(proof.Dpop is null || proof.Uri is not null, at + "proof.uri", "is needed with dpop");
        check.Require(proof.Dpop is null || request.Method is not null, at + "method", "is needed with proof.dpop");
        return check.IsEmpty
            ? door.Proofs.Told(
                request.Method,
                uri is not null && proof.Uri is { } asSent ? (uri, asSent) : null,
                proof.Dpop,
                thumbprint,
                proof.Headers
            )
            : null;
    }

    private static bool IsSigned(VerifyRequest request) =>
        request.Proof?.Headers is { } headers && headers.ContainsKey(MessageSignatures.InputHeader);

    private static string? Thumbprint(string certificate)
    {
        if (!CertificateText.TryPemOrBase64(certificate, out var read))
        {
            return null;
        }

        using (read)
        {
            return CertificateThumbprint.Of(read.RawDataMemory.Span);
        }
    }
}
