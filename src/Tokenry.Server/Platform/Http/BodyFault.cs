using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Platform.Http;

/// <summary>Says which member of a JSON body is wrong and what is expected there. The serializer's own messages would name internal types.</summary>
internal static class BodyFault
{
    /// <summary>Finding the wrong value needs a second pass over the body. For large bodies the server skips it, so that invalid requests stay cheap.</summary>
    private const int LongestLookedInto = 16_384;

    /// <summary>Members that a similar request accepts, and which one.</summary>
    private static readonly Dictionary<Type, (Type Taker, string Where)> Elsewhere = new()
    {
        [typeof(QuickApiKeyRequest)] = (
            typeof(CredentialRequest),
            "send it to POST /v1/applications/{id}/api-keys, or set it afterwards with PATCH /v1/api-keys/{id}"
        ),
    };

    /// <summary>The answer to a body that could not be read.</summary>
    /// <param name="exception">The error.</param>
    /// <param name="body">The body as it was sent.</param>
    /// <param name="type">The expected type.</param>
    public static ProblemException Explain(JsonException exception, ReadOnlyMemory<byte> body, Type type)
    {
        if (body.Length > LongestLookedInto)
        {
            return IsSyntax(exception)
                ? NotTheObject($" (line {exception.LineNumber + 1}, byte {exception.BytePositionInLine})")
                : Explain(exception, BodyPlace.Find(PathOf(exception), type, root: null));
        }

        try
        {
            using var document = JsonDocument.Parse(body);
            return Explain(exception, BodyPlace.Find(PathOf(exception), type, document.RootElement));
        }
        catch (JsonException syntax)
        {
            return NotTheObject($" (line {syntax.LineNumber + 1}, byte {syntax.BytePositionInLine})");
        }
        catch (InvalidOperationException)
        {
            // A neighbour of the member has a name with an unpaired surrogate, which cannot be compared.
            return Explain(exception, BodyPlace.Find(PathOf(exception), type, root: null));
        }
    }

    /// <summary>The answer to a request without a body: the required members.</summary>
    public static ProblemException Missing(Type type)
    {
        var required =
            BodyPlace.InfoOf(type)?.Properties.Where(property => property.IsRequired).Select(property => property.Name).ToList() ?? [];
        return new ProblemException(
            400,
            ProblemCode.InvalidRequest,
            $"The body is empty. Send a JSON object as application/json{(required.Count == 0 ? ", {} if it has no member" : "; see errors")}."
        )
        {
            Errors =
                required.Count == 0
                    ? null
                    : required.ToDictionary(name => name, FieldFault[] (_) => ["is required"], StringComparer.Ordinal),
        };
    }

    /// <summary>The members that a request may have, by their JSON names.</summary>
    public static IReadOnlyList<string> MembersOf(Type type) =>
        BodyPlace.InfoOf(type) is { Kind: JsonTypeInfoKind.Object } info ? [.. info.Properties.Select(property => property.Name)] : [];

    private static ProblemException Explain(JsonException exception, BodyPlace place)
    {
        var message = exception.Message;
        if (message.Contains("missing required properties", StringComparison.Ordinal))
        {
            var names = message[(message.LastIndexOf("including:", StringComparison.Ordinal) + 10)..]
                .Split('\'')
                .Where((_, i) => i % 2 == 1);
            return new ProblemException(400, ProblemCode.InvalidRequest, "The request is not valid. See errors.")
            {
                Errors = names.ToDictionary(place.Below, FieldFault[] (_) => ["is required"], StringComparer.Ordinal),
            };
        }

        return place.Path.Length == 0
            ? NotTheObject("")
            : ProblemException.Invalid(
                Validation.Shown(place.Path), // the path may contain the client's own text
                    message.Contains("could not be mapped", StringComparison.Ordinal) ? Unknown(place)
                    : SaysTwice(message) ? "appears more than once"
                    : message.Contains("depth", StringComparison.Ordinal) ? "is nested too deeply: at most 16 levels"
                    : WrongType(place)
            );
    }

    /// <summary>The serializer says it of members, and <see cref="HeaderLinesConverter"/> of headers.</summary>
    private static bool SaysTwice(string message) =>
        message.Contains("uplicate", StringComparison.Ordinal) || message.Contains("more than once", StringComparison.Ordinal);

    /// <summary>Whether the body is not JSON. Then the inner exception is the reader's own type.</summary>
    private static bool IsSyntax(JsonException exception) =>
        exception.InnerException is JsonException inner && inner.GetType() != typeof(JsonException);

    private static ProblemException NotTheObject(string where) =>
        new(400, ProblemCode.InvalidRequest, $"The body is not the JSON object that this route accepts{where}.");

    /// <summary>Joins the paths: one of our converters uses a serializer of its own, whose path starts at the value.</summary>
    private static string PathOf(JsonException exception)
    {
        var path = exception.Path ?? "$";
        for (var inner = exception.InnerException; inner is JsonException { Path: { } rest }; inner = inner.InnerException)
        {
            path += rest[1..];
        }

        return path;
    }

    private static string Unknown(BodyPlace place)
    {
        var known = place.Parent is { } parent ? MembersOf(parent) : [];
        if (
            Elsewhere.TryGetValue(place.Parent ?? typeof(void), out var other)
            && MembersOf(other.Taker).Contains(place.Name, StringComparer.Ordinal)
        )
        {
            return $"is not a member of this request: {other.Where}";
        }

        var meant = NearestName.Of(place.Name, known) is { } near ? $". Did you mean {near}?" : "";
        var list = known.Count == 0 ? "" : $"{(meant.Length == 0 ? "." : "")} Known: {string.Join(", ", known)}.";
        return $"is not a member of this request{meant}{list}";
    }

    private static string WrongType(BodyPlace place)
    {
        if (place.Value is { ValueKind: JsonValueKind.Number } number && OddNumber.Explain(number.GetRawText()) is { } odd)
        {
            return odd;
        }

        var needed = place.Type is null ? null : Describe(place.Type);
        return place switch
        {
            { Value: { ValueKind: JsonValueKind.String }, Type: { } type } when BodyPlace.Unwrapped(type) == typeof(DateTimeOffset) =>
                "must be a time such as 2099-01-01T00:00:00Z",
            { Value: null } or { Type: null } => "has the wrong type, or must not be null",
            { Value: { ValueKind: JsonValueKind.Null } } => $"must be {needed} (got null)",
            _ => $"must be {needed} (got {Describe(place.Value.Value.ValueKind)})",
        };
    }

    private static string Describe(Type asked)
    {
        var type = BodyPlace.Unwrapped(asked);
        return type == typeof(CredentialPermissions) ? "a list of {api, scopes}, or \"owner\""
            : type == typeof(bool) ? "true or false"
            : type == typeof(DateTimeOffset) ? "a time such as 2099-01-01T00:00:00Z"
            : type == typeof(int) ? $"a whole number up to {int.MaxValue.ToString(CultureInfo.InvariantCulture)}"
            : type == typeof(long) ? "a whole number"
            : BodyPlace.ElementOf(type) is { } element ? $"a list of {Plural(element)}"
            : MembersOf(type) is { Count: > 0 } members ? $"an object {{{string.Join(", ", members)}}}"
            : BodyPlace.InfoOf(type)?.Kind == JsonTypeInfoKind.Dictionary ? "an object"
            : "a string";
    }

    private static string Plural(Type element) =>
        MembersOf(element) is { Count: > 0 } members ? $"objects {{{string.Join(", ", members)}}}" : "strings";

    private static string Describe(JsonValueKind kind) =>
        kind switch
        {
            JsonValueKind.String => "a string",
            JsonValueKind.Number => "a number",
            JsonValueKind.True or JsonValueKind.False => "true or false",
            JsonValueKind.Array => "a list",
            _ => "an object",
        };
}
