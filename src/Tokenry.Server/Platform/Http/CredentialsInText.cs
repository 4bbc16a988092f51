using System.Buffers;
using System.Text.Json;
using Tokenry.Protocol.Credentials;

namespace Tokenry.Server.Platform.Http;

/// <summary>
/// Finds credentials in texts for people, such as names and metadata, where every reader of the record could use them. It recognises any brand by form and
/// checksum, so that it never takes another text for a credential.
/// </summary>
public static class CredentialsInText
{
    /// <summary>The id, the secret and the checksum after the last separator.</summary>
    private const int BodyLength = CredentialString.IdLength + CredentialString.SecretLength + CredentialString.ChecksumLength;

    private const int LongestBrand = 10;
    private const int ShortestBrand = 2;

    /// <summary>The shortest text that can contain a credential.</summary>
    private const int Shortest = BodyLength + 6;

    /// <summary>A member whose text is redacted instead: a caller who revokes a leaked credential must not fail because of the reason given.</summary>
    private const string Redacted = "reason";

    /// <summary>The member of a request that contains a credential; <c>$</c> if a member's name contains it.</summary>
    /// <param name="json">The body. Other errors in it are reported elsewhere.</param>
    /// <returns><c>null</c> if there is none.</returns>
    public static string? MemberWithOne(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        string? member = null;
        try
        {
            while (reader.Read())
            {
                var isName = reader.TokenType == JsonTokenType.PropertyName;
                var isTop = isName && reader.CurrentDepth == 1;
                if ((isName || reader.TokenType == JsonTokenType.String && member != Redacted) && HasOne(ref reader))
                {
                    return isTop || member is null ? "$" : member;
                }

                member = isTop ? reader.GetString() : member;
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }

        return null;
    }

    /// <summary>Whether the text contains a credential anywhere.</summary>
    public static bool HasOne(ReadOnlySpan<char> text)
    {
        for (var at = text.IndexOf('_'); at >= 0; )
        {
            if (text.Length - at <= BodyLength)
            {
                return false;
            }

            if (EndsHead(text, at))
            {
                return true;
            }

            var next = text[(at + 1)..].IndexOf('_');
            at = next < 0 ? -1 : at + 1 + next;
        }

        return false;
    }

    private static bool HasOne(ref Utf8JsonReader reader)
    {
        var length = reader.ValueSpan.Length;
        if (length < Shortest || !reader.ValueSpan.Contains((byte)'_') && !reader.ValueIsEscaped)
        {
            return false;
        }

        var text = ArrayPool<char>.Shared.Rent(length);
        var copied = reader.CopyString(text);
        var has = HasOne(text.AsSpan(0, copied));
        ArrayPool<char>.Shared.Return(text, clearArray: true);
        return has;
    }

    /// <summary>Whether this separator is the last one before a credential's body.</summary>
    private static bool EndsHead(ReadOnlySpan<char> text, int at)
    {
        var separator = text[..at].LastIndexOf('_');
        var end = at + 1 + BodyLength;
        // The text before the brand may be part of another word.
        for (var length = ShortestBrand; length <= LongestBrand && length <= separator; length++)
        {
            if (CredentialString.TryParse(text[(separator - length)..end], out _))
            {
                return true;
            }
        }

        return false;
    }
}
