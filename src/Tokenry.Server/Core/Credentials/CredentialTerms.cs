using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Credentials;

/// <summary>
/// The terms of a credential: on which objects, from which networks, how often and how it may be used, and its holder's notes. They pass as one record from
/// the request through the row to the answer, and are one JSON column. Values that SQL searches by (expiry, start, permissions) have their own columns.
/// </summary>
public sealed record CredentialTerms
{
    public static readonly CredentialTerms None = new();

    /// <inheritdoc cref="Credential.Objects"/>
    public IReadOnlyList<string>? Objects { get; init; }

    /// <summary>
    /// The objects as patterns; <c>null</c> = not limited. A text that is no longer a valid pattern matches nothing: earlier versions accepted patterns that
    /// could leave their path (<c>repo:acme/../other</c>).
    /// </summary>
    public IReadOnlyList<ObjectPattern>? ObjectPatterns() =>
        Objects?.SelectMany(text => ObjectPattern.TryParse(text, out var pattern) ? new[] { pattern } : []).ToArray();

    /// <inheritdoc cref="Credential.AllowedIps"/>
    public IReadOnlyList<string>? AllowedIps { get; init; }

    /// <inheritdoc cref="Credential.RateLimits"/>
    public IReadOnlyList<RateLimit>? RateLimits { get; init; }

    /// <summary>
    /// <see cref="Protocol.Api.RequestSigning"/> as requested; <c>null</c> = not requested. Whether the credential can sign depends on its newest secret
    /// (<see cref="CredentialRow.Signing"/>).
    /// </summary>
    public string? RequestSigning { get; init; }

    /// <inheritdoc cref="Credential.RotateEveryDays"/>
    public int? RotateEveryDays { get; init; }

    /// <summary>Whether the server keeps a sealed copy of the secret (<see cref="RecoverableSecrets"/>); <c>null</c> = no.</summary>
    public bool? Recoverable { get; init; }

    /// <inheritdoc cref="Credential.Metadata"/>
    [JsonConverter(typeof(VerbatimJson))]
    public JsonElement? Metadata { get; init; }

    /// <summary>Whether a secret made under these terms gets a signing key.</summary>
    [JsonIgnore]
    public bool Signs => RequestSigning is not (null or Protocol.Api.RequestSigning.None);

    /// <param name="column">The stored JSON; <c>null</c> = none.</param>
    public static CredentialTerms Read(string? column) =>
        column is null ? None : JsonColumn.Read(column, CredentialTermsJson.Default.CredentialTerms);

    /// <returns>The JSON to store; <c>null</c> = no terms.</returns>
    public string? Write() => Equals(None) ? null : JsonColumn.Write(this, CredentialTermsJson.Default.CredentialTerms);

    /// <summary>The terms that every kind of credential takes.</summary>
    public static CredentialTerms Of(NewCredentialRequest request, int? rotateEveryDays) =>
        new()
        {
            AllowedIps = request.AllowedIps,
            RotateEveryDays = rotateEveryDays,
            Metadata = request.Metadata,
        };

    /// <summary>The terms of a credential whose secret the server makes.</summary>
    public static CredentialTerms Of(CredentialRequest request) =>
        Of(request, request.RotateEveryDays) with
        {
            Objects = request.Objects,
            RateLimits = request.RateLimits,
            RequestSigning = request.RequestSigning,
            Recoverable = request.Recoverable == true ? true : null,
        };

    /// <summary>The terms after a PATCH: absent members keep their values.</summary>
    public CredentialTerms Revised(CredentialPatch patch) =>
        new()
        {
            Objects = patch.Objects.Or(Objects),
            AllowedIps = patch.AllowedIps.Or(AllowedIps),
            RateLimits = patch.RateLimits.Or(RateLimits),
            RequestSigning = patch.RequestSigning.Or(RequestSigning),
            RotateEveryDays = patch.RotateEveryDays.Or(RotateEveryDays),
            Recoverable = patch.Recoverable.Or(Recoverable) == true ? true : null,
            Metadata = patch.Metadata.Or(Metadata),
        };

    /// <summary>Whether a PATCH names a term that bounds where, how often or on what the credential may be used.</summary>
    public static bool AreBoundsIn(CredentialPatch patch) =>
        patch.Objects.IsPresent || patch.AllowedIps.IsPresent || patch.RateLimits.IsPresent;

    /// <summary>Members that the request leaves out get the values of the credential that mints this one.</summary>
    /// <param name="minting">The terms of the minting credential.</param>
    /// <param name="limits">The limits that bind the credentials it mints.</param>
    public CredentialTerms Within(TermFacts? minting, IReadOnlyList<RateLimit>? limits) =>
        this with
        {
            AllowedIps = AllowedIps ?? minting?.AllowedIps?.Select(range => range.ToString()).ToList(),
            RateLimits = RateLimits ?? limits,
        };

    /// <summary>Refuses terms that a kind of credential does not have.</summary>
    /// <param name="check">Collects the faults.</param>
    /// <param name="kind">One of <see cref="CredentialKind"/>.</param>
    public void CheckKind(Validation check, string kind)
    {
        var authenticatesClient = CredentialKind.IsClientAuthentication(kind);
        check.Require(Objects is null || !authenticatesClient && kind != CredentialKind.AnonymousApiKey, "objects", HasNone(kind));
        check.Require(
            RateLimits is null || !authenticatesClient,
            "rate_limits",
            $"a {CredentialFamily.Of(kind).Title} has none: it is no credential at an API"
        );
        UseLimit.Check(check, "rate_limits", RateLimits);
    }

    /// <summary>Why a credential of that kind has neither permissions nor objects.</summary>
    public static string HasNone(string kind) =>
        CredentialKind.IsClientAuthentication(kind)
            ? $"a {CredentialFamily.Of(kind).Title} has none of its own: it buys what its application may do"
            : "an anonymous key has none";

    /// <summary>Checks the form of each term.</summary>
    /// <param name="check">Collects the faults.</param>
    /// <param name="objectsAreNew">
    /// Whether the request names objects. Stored ones may have a form that is no longer accepted; a PATCH of other members keeps them.
    /// </param>
    public void Check(Validation check, bool objectsAreNew)
    {
        CheckObjects(check, objectsAreNew ? Objects : null);
        check.Require(RotateEveryDays is null or (>= 1 and <= 3650), "rotate_every_days", "must be from 1 to 3650");
        check.IpRanges("allowed_ips", AllowedIps);
        check.Metadata("metadata", Metadata);
        check.Require(
            RequestSigning
                is null
                    or Protocol.Api.RequestSigning.None
                    or Protocol.Api.RequestSigning.Optional
                    or Protocol.Api.RequestSigning.Required,
            "request_signing",
            "must be none, optional or required"
        );
    }

    private static void CheckObjects(Validation check, IReadOnlyList<string>? objects)
    {
        if (objects is null)
        {
            return;
        }

        check.Require(
            objects.Count is > 0 and <= 1000,
            "objects",
            new FieldFault("objects_count", "needs 1 to 1000 patterns; null means not limited", ("n", 1000))
        );
        foreach (var text in objects.Take(1000))
        {
            check.Require(
                ObjectPattern.TryParse(text ?? "", out _),
                "objects",
                new FieldFault(
                    "not_object_pattern",
                    $"'{Validation.Shown(text)}' is not a pattern type:id of at most 200 characters with one * at the end at most, and neither .. nor // in it",
                    ("value", Validation.Shown(text))
                )
            );
        }
    }

    /// <summary>Keeps the text as the holder sent it: if it were written anew, notes of the largest size could exceed that size.</summary>
    internal sealed class VerbatimJson : JsonConverter<JsonElement?>
    {
        public override JsonElement? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            JsonElement.ParseValue(ref reader);

        public override void Write(Utf8JsonWriter writer, JsonElement? value, JsonSerializerOptions options) =>
            writer.WriteRawValue(value!.Value.GetRawText(), skipInputValidation: true);
    }
}

/// <summary>
/// <see cref="CredentialTerms"/> ready for decisions: parsed once, when the credential enters the cache. Immutable; credentials without terms
/// share one object.
/// </summary>
public sealed class TermFacts
{
    public static readonly TermFacts None = new(CredentialTerms.None);

    private readonly JsonElement metadata;

    private TermFacts(CredentialTerms terms)
    {
        ObjectTexts = terms.Objects;
        Objects = terms.ObjectPatterns();
        AllowedIps = terms
            .AllowedIps?.Select(text =>
                TokenryOptions.TryParseNetwork(text, out var range)
                    ? range
                    : throw new InvalidDataException($"A credential's allowed_ips holds '{text}', which is not an address range.")
            )
            .ToArray();
        RateLimits = UseLimit.Of(terms.RateLimits);
        RequiresSignature = terms.RequestSigning == RequestSigning.Required;
        metadata = terms.Metadata ?? default;
    }

    /// <summary><c>null</c> = not limited to objects.</summary>
    public IReadOnlyList<ObjectPattern>? Objects { get; }

    /// <summary>The same as stored.</summary>
    public IReadOnlyList<string>? ObjectTexts { get; }

    /// <summary><c>null</c> = usable from anywhere.</summary>
    public IReadOnlyList<IPNetwork>? AllowedIps { get; }

    /// <summary><c>null</c> = not limited by the credential itself.</summary>
    public IReadOnlyList<UseLimit>? RateLimits { get; }

    /// <summary>Whether only a signed request presents the credential.</summary>
    public bool RequiresSignature { get; }

    /// <inheritdoc cref="CredentialTerms.Metadata"/>
    public JsonElement? Metadata => metadata.ValueKind == JsonValueKind.Undefined ? null : metadata;

    /// <summary>Whether its terms limit its use in a way that a token bought with it does not carry.</summary>
    public bool LimitUse => AllowedIps is not null || RateLimits is not null;

    /// <param name="column">The stored JSON; <c>null</c> = none.</param>
    public static TermFacts Of(string? column) => column is null ? None : new(CredentialTerms.Read(column));

    /// <summary>Why <paramref name="minted"/> exceeds these terms, as text for its maker; <c>null</c> = it does not.</summary>
    /// <remarks>Objects are compared by the minting rule, since an access token has its own; limits too, since the owner's count as well.</remarks>
    public string? Exceeded(CredentialTerms minted) =>
        AllowedIps is { } ranges && !Cover(ranges, minted.AllowedIps)
            ? "It would work from addresses that the calling credential does not work from."
            : null;

    private static bool Cover(IReadOnlyList<IPNetwork> own, IReadOnlyList<string>? asked) =>
        asked is not null
        && asked.All(text =>
            TokenryOptions.TryParseNetwork(text, out var range)
            && own.Any(wide => wide.PrefixLength <= range.PrefixLength && wide.Contains(range.BaseAddress))
        );
}

/// <summary>How terms are stored.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(CredentialTerms))]
internal sealed partial class CredentialTermsJson : JsonSerializerContext;
