using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Platform.Http;

/// <summary>
/// An <c>application/x-www-form-urlencoded</c> body, read as in RFC 6749 Appendix B. Names are case-sensitive and everything is UTF-8. At most 64 parameters in
/// 64 KiB. A parameter without a value counts as absent (§3.2). A broken escape is an error.
/// </summary>
public sealed class FormParameters
{
    private const int LongestBody = 64 * 1024;
    private const int MostParameters = 64;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>ASCII characters that need no decoding.</summary>
    private static readonly SearchValues<byte> Literal = SearchValues.Create([
        .. Enumerable.Range(1, 0x7f).Select(code => (byte)code).Where(code => code is not ((byte)'%' or (byte)'+')),
    ]);

    /// <summary>A form without parameters.</summary>
    public static readonly FormParameters None = new([]);

    private readonly List<(string Name, string Value)> parameters;

    private FormParameters(List<(string Name, string Value)> parameters) => this.parameters = parameters;

    /// <summary>The only value of a parameter, or <c>null</c> if it is absent or empty.</summary>
    public string? this[string name]
    {
        get
        {
            foreach (var (candidate, value) in parameters)
            {
                if (candidate == name && value.Length > 0)
                {
                    return value;
                }
            }

            return null;
        }
    }

    /// <summary>Every value of parameters that may be repeated, in order.</summary>
    public IReadOnlyList<string> All(params ReadOnlySpan<string> names)
    {
        var all = new List<string>(1);
        foreach (var (name, value) in parameters)
        {
            if (value.Length > 0 && names.Contains(name))
            {
                all.Add(value);
            }
        }

        return all;
    }

    /// <summary>SHA-256 over every name and value, for idempotency.</summary>
    public byte[] Hash() =>
        SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', parameters.Select(parameter => $"{parameter.Name}\0{parameter.Value}"))));

    /// <summary>Whether a parameter appears more than once, except those that may.</summary>
    public bool RepeatsAny(params ReadOnlySpan<string> exempt)
    {
        for (var i = 1; i < parameters.Count; i++)
        {
            for (var j = 0; j < i; j++)
            {
                if (parameters[i].Name == parameters[j].Name && !exempt.Contains(parameters[i].Name))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Reads and parses the body; the fault can be used as an <c>error_description</c>.</summary>
    /// <exception cref="BadHttpRequestException">413: the body is too large.</exception>
    public static async ValueTask<(FormParameters? Form, string? Fault)> ReadAsync(HttpRequest request, int most = MostParameters)
    {
        if (!MediaType.IsForm(request.ContentType))
        {
            return (null, $"send the parameters as {MediaType.Form}");
        }

        var received = 0L;
        while (true)
        {
            var read = await request.ReadBodyAsync(received);
            if (read.Buffer.Length > LongestBody)
            {
                request.BodyReader.AdvanceTo(read.Buffer.End);
                throw new BadHttpRequestException("The form is too large.", StatusCodes.Status413PayloadTooLarge);
            }

            if (!read.IsCompleted)
            {
                received = read.Buffer.Length;
                request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            var parsed = read.Buffer.IsSingleSegment
                ? TryParse(read.Buffer.FirstSpan, most, out var form)
                : TryParse(read.Buffer.ToArray(), most, out form);
            request.BodyReader.AdvanceTo(read.Buffer.End);
            return parsed ? (form, null) : (null, "the body is not a well-formed form");
        }
    }

    public static bool TryParse(ReadOnlySpan<byte> body, [NotNullWhen(true)] out FormParameters? form) =>
        TryParse(body, MostParameters, out form);

    private static bool TryParse(ReadOnlySpan<byte> body, int most, [NotNullWhen(true)] out FormParameters? form)
    {
        form = null;
        var parsed = new List<(string, string)>(8);
        foreach (var range in body.Split((byte)'&'))
        {
            var pair = body[range];
            if (pair.IsEmpty)
            {
                continue;
            }

            var equals = pair.IndexOf((byte)'=');
            var name = equals < 0 ? pair : pair[..equals];
            if (
                parsed.Count == most
                || !TryDecode(name, out var decodedName)
                || !TryDecode(equals < 0 ? [] : pair[(equals + 1)..], out var decodedValue)
            )
            {
                return false;
            }

            parsed.Add((decodedName, decodedValue));
        }

        form = new FormParameters(parsed);
        return true;
    }

    /// <summary>Decodes form-urlencoding: <c>+</c> is a space, <c>%</c> needs two hex digits, the bytes must be UTF-8 without NUL.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> encoded, [NotNullWhen(true)] out string? text)
    {
        // Most values need no decoding.
        if (!encoded.ContainsAnyExcept(Literal))
        {
            text = Encoding.ASCII.GetString(encoded);
            return true;
        }

        text = null;
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Max(1, encoded.Length));
        try
        {
            var length = 0;
            for (var i = 0; i < encoded.Length; i++)
            {
                var value = encoded[i];
                if (value == '%')
                {
                    if (
                        i + 2 >= encoded.Length
                        || !char.IsAsciiHexDigit((char)encoded[i + 1])
                        || !char.IsAsciiHexDigit((char)encoded[i + 2])
                    )
                    {
                        return false;
                    }

                    value = (byte)((HexValue(encoded[i + 1]) << 4) | HexValue(encoded[i + 2]));
                    i += 2;
                }
                else if (value == '+')
                {
                    value = (byte)' ';
                }

                if (value == 0)
                {
                    return false;
                }

                buffer[length++] = value;
            }

            text = StrictUtf8.GetString(buffer, 0, length);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true); // the buffer contained a secret
        }
    }

    private static int HexValue(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
