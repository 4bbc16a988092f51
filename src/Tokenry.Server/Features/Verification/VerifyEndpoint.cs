using System.Net;
using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Proofs;
using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Http;
using Tokenry.Server.Foundation.Usage;

namespace Tokenry.Server.Features.Verification;

/// <summary>Is this credential good for that? Asked by whoever may: <c>verify</c> for any API, a resource server for its own.</summary>
public sealed class VerifyEndpoint(Gate gate, Door door, CatalogCache catalogs, DpopNonces nonces)
{
    private const int MostItems = 100;

    private static readonly Body<VerifyRequest>.Ordinary Ordinary = VerifyRequestReader.Read;

    public async Task ServeAsync(HttpContext context)
    {
        var request = (await Body<VerifyRequest>.ReadAsync(context, Ordinary)).Value;
        var caller = Caller.Of(context)!;
        var catalog = await catalogs.GetAsync();
        var check = new Validation();
        var requirement = await RequirementAsync(caller, catalog, request, check, "");
        check.ThrowIfAny();
        var verdict = await CheckAsync(caller, catalog, request, requirement);
        JsonAnswer.WriteObject(
            context.Response,
            (catalog, requirement, verdict, nonces),
            static (json, found) => VerifyAnswerWriter.Write(json, found.catalog, found.requirement, found.verdict, found.nonces)
        );
    }

    /// <summary>The same for up to a hundred, in order. One that is not well-formed refuses them all, before any counts against a limit.</summary>
    public async Task ServeBatchAsync(HttpContext context)
    {
        var items = (await Body<VerifyBatchRequest>.ReadAsync(context)).Value.Items;
        var caller = Caller.Of(context)!;
        var check = new Validation();
        check.Require(items.Count is > 0 and <= MostItems, "items", $"needs 1 to {MostItems}");
        check.Require(!items.Contains(null!), "items", "holds null");
        check.ThrowIfAny();
        var catalog = await catalogs.GetAsync();
        var requirements = new Requirement[items.Count];
        for (var i = 0; i < requirements.Length; i++)
        {
            requirements[i] = await RequirementAsync(caller, catalog, items[i], check, $"items[{i}].");
        }

        check.ThrowIfAny();

        var verdicts = new Verdict[requirements.Length];
        for (var i = 0; i < verdicts.Length; i++)
        {
            verdicts[i] = await CheckAsync(caller, catalog, items[i], requirements[i]);
        }

        JsonAnswer.WriteObject(
            context.Response,
            (catalog, requirements, verdicts, nonces),
            static (json, found) =>
            {
                json.WriteStartArray("items"u8);
                for (var i = 0; i < found.verdicts.Length; i++)
                {
                    json.WriteStartObject();
                    VerifyAnswerWriter.Write(json, found.catalog, found.requirements[i], found.verdicts[i], found.nonces);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            }
        );
    }

    private async ValueTask<Requirement> RequirementAsync(
        Caller caller,
        Catalog catalog,
        VerifyRequest request,
        Validation check,
        string at
    )
    {
        IPAddress? address = null;
        check.Require(request.Ip is null || IPAddress.TryParse(request.Ip, out address), at + "ip", "is not an IP address");
        check.Require(request.Object is null || ObjectPattern.IsValidObject(request.Object), at + "object", "is not type:id");
        check.Require(
            request.Scopes is null || request.Scopes.All(scope => ScopeName.IsValid(scope)),
            at + "scopes",
            "holds something that is no scope"
        );
        check.Require(request.Token is not null || IsSigned(request), at + "token", "is required");
        check.Text(at + "method", request.Method, 20);
        check.Text(at + "path", request.Path, 2000);
        CheckProof(request, check, at);
        check.Require(request.Scopes is not { Count: > 100 }, at + "scopes", "more than 100");
        var api = await ApiAsync(caller, catalog, request, check, at);
        return new Requirement
        {
            Api = api is null ? null : catalog.Resource(api),
            ApiIsUnknown = api is not null && catalog.Resource(api) is null,
            Scopes = request.Scopes is { Count: > 0 } scopes && check.IsEmpty ? ScopeSet.Of(scopes) : ScopeSet.Empty,
            Object = request.Object,
            Address = address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address,
        };
    }

    /// <summary>The API that is asked about; of a resource server, one of its own.</summary>
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
            // Refused, and audited as every management denial is.
            await gate.AuthorizeAsync(caller, new Demand(ManagementApi.Verify), "credential.verified");
        }

        check.Require(own.Count == 1, at + "api", "is needed: this application serves several APIs");
        return own.Count == 1 ? own[0] : null;
    }

    private static List<string> ResourceServerOf(Caller caller, Catalog catalog) =>
        caller.Principal.IsUser || caller.Credential.Kind == CredentialKind.AnonymousApiKey
            ? []
            : [.. catalog.Resources.Where(api => api.ResourceServers.Contains(caller.Principal.Id)).Select(api => api.Identifier)];

    private ValueTask<Verdict> CheckAsync(Caller caller, Catalog catalog, VerifyRequest request, Requirement requirement)
    {
        // The agent is the resource server's, not that of whoever presented the credential.
        var from = new UseCircumstances(requirement.Address, Agent: null, caller.Request.RequestId);
        var about = ForwardedRequest.Told(request.Method, request.Path);
        return door.CheckAsync(catalog, request.Token, new(Doors.Verify, requirement, from, about) { Proof = Proof(request) });
    }

    private static void CheckProof(VerifyRequest request, Validation check, string at)
    {
        if (request.Proof is not { } proof)
        {
            return;
        }

        var isWeb = Uri.TryCreate(proof.Uri, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http";
        check.Require(proof.Uri is null || isWeb, at + "proof.uri", "is not an http(s) address");
        check.Require(
            proof.Certificate is null || Thumbprint(proof.Certificate) is not null,
            at + "proof.certificate",
            "is not one certificate, in PEM or as the base64 of its DER"
        );
        check.Require(proof.Headers is null || proof.Uri is not null, at + "proof.uri", "is needed with headers");
        check.Require(proof.Headers is null || request.Method is not null, at + "method", "is needed with proof.headers");
        check.Require(proof.Dpop is null || proof.Uri is not null, at + "proof.uri", "is needed with dpop");
        check.Require(proof.Dpop is null || request.Method is not null, at + "method", "is needed with proof.dpop");
    }

    private PresentedProof? Proof(VerifyRequest request) =>
        request.Proof is { } proof
            ? new PresentedProof
            {
                Method = request.Method ?? "",
                Uri = proof.Uri is { } uri ? new Uri(uri) : null,
                IsDpop = proof.Dpop is not null,
                Dpop = proof.Dpop,
                CertificateThumbprint = proof.Certificate is { } certificate ? Thumbprint(certificate) : null,
                Signed = proof.Headers is { } headers ? Signed(request.Method!, proof.Uri!, headers) : null,
            }
            : null;

    private SignedRequest? Signed(string method, string uri, IReadOnlyDictionary<string, IReadOnlyList<string>> headers) =>
        door.ReadSignature(method, new Uri(uri), RequestTarget.OriginForm(uri), name => headers.GetValueOrDefault(name, []));

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
