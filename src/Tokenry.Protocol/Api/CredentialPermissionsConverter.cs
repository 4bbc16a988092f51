using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Api;

/// <summary>Reads and writes <see cref="CredentialPermissions"/>: an array, or the text <c>owner</c>.</summary>
public sealed class CredentialPermissionsConverter : JsonConverter<CredentialPermissions>
{
    /// <inheritdoc/>
    public override CredentialPermissions Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return reader.ValueTextEquals(CredentialPermissions.OwnerText)
                ? CredentialPermissions.Owner
                : throw new JsonException($"Permissions must be a list or \"{CredentialPermissions.OwnerText}\".");
        }

        try
        {
            return new(JsonSerializer.Deserialize<IReadOnlyList<Permission>>(ref reader, options)!);
        }
        catch (JsonException fault)
        {
            // This exception's path starts at the value. Without a path, the outer serializer adds the one that names the member.
            throw new JsonException(fault.Message, fault);
        }
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, CredentialPermissions value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(value);
        if (value.Named is null)
        {
            writer.WriteStringValue(CredentialPermissions.OwnerText);
        }
        else
        {
            JsonSerializer.Serialize(writer, value.Named, options);
        }
    }
}
