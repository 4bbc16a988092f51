using System.Text.Json;
using Tokenry.Protocol.Api;

namespace Tokenry.Server.Features.Verification;

/// <summary>
/// Reads the ordinary <see cref="VerifyRequest"/>: an object with each member at most once, strings and one list of strings. The serializer handles all
/// other input, valid or not, at three times the cost.
/// </summary>
internal static class VerifyRequestReader
{
    private const int UsualScopes = 4;

    /// <returns><c>null</c> if the request is not ordinary.</returns>
    public static VerifyRequest? Read(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            return reader.Read() && reader.TokenType == JsonTokenType.StartObject ? Members(ref reader) : null;
        }
        // Not JSON, or not text: the serializer reports the fault and its position.
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static VerifyRequest? Members(ref Utf8JsonReader reader)
    {
        string? token = null,
            api = null,
            subject = null,
            organization = null,
            ip = null,
            method = null,
            path = null;
        List<string>? scopes = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isOrdinary =
                reader.ValueTextEquals("token"u8) ? Text(ref reader, ref token)
                : reader.ValueTextEquals("api"u8) ? Text(ref reader, ref api)
                : reader.ValueTextEquals("scopes"u8) ? Texts(ref reader, ref scopes)
                : reader.ValueTextEquals("object"u8) ? Text(ref reader, ref subject)
                : reader.ValueTextEquals("organization"u8) ? Text(ref reader, ref organization)
                : reader.ValueTextEquals("ip"u8) ? Text(ref reader, ref ip)
                : reader.ValueTextEquals("method"u8) ? Text(ref reader, ref method)
                : reader.ValueTextEquals("path"u8) && Text(ref reader, ref path);
            if (!isOrdinary)
            {
                return null;
            }
        }

        // The second read finds any content after the object.
        return token is null || reader.TokenType != JsonTokenType.EndObject || reader.Read()
            ? null
            : new VerifyRequest
            {
                Token = token,
                Api = api,
                Scopes = scopes,
                Object = subject,
                Organization = organization,
                Ip = ip,
                Method = method,
                Path = path,
            };
    }

    private static bool Text(ref Utf8JsonReader reader, ref string? text)
    {
        if (text is not null || !reader.Read() || reader.TokenType != JsonTokenType.String)
        {
            return false;
        }

        text = reader.GetString();
        return true;
    }

    private static bool Texts(ref Utf8JsonReader reader, ref List<string>? texts)
    {
        if (texts is not null || !reader.Read() || reader.TokenType != JsonTokenType.StartArray)
        {
            return false;
        }

        texts = new(UsualScopes);
        while (reader.Read() && reader.TokenType == JsonTokenType.String)
        {
            texts.Add(reader.GetString()!);
        }

        return reader.TokenType == JsonTokenType.EndArray;
    }
}
