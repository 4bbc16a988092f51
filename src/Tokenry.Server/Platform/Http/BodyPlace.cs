using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tokenry.Protocol.Api;

namespace Tokenry.Server.Platform.Http;

/// <summary>A place in a JSON body: the expected type and the actual value.</summary>
/// <param name="Path">The path as errors name it: <c>rate_limits[0].name</c>.</param>
/// <param name="Name">The last member of the path.</param>
/// <param name="Parent">The type of the object with this member.</param>
/// <param name="Type">The expected type; <c>null</c> if it is unknown.</param>
/// <param name="Value">The actual value, if it was found.</param>
internal sealed record BodyPlace(string Path, string Name, Type? Parent, Type? Type, JsonElement? Value)
{
    /// <summary>The path of a member of the value here.</summary>
    public string Below(string member) => Path.Length == 0 ? member : $"{Path}.{member}";

    /// <summary>Follows a path of the serializer, such as <c>$.rate_limits[0].name</c> or <c>$['odd name']</c>.</summary>
    /// <param name="path">The path.</param>
    /// <param name="type">The expected type of the body.</param>
    /// <param name="root">The actual body; <c>null</c> if it is not inspected.</param>
    public static BodyPlace Find(string path, Type type, JsonElement? root)
    {
        var place = new BodyPlace("", "", null, type, root);
        var rest = path.AsSpan(1);
        while (rest.Length > 0)
        {
            var isQuoted = rest.StartsWith("['");
            var end =
                isQuoted ? rest.LastIndexOf("']") // an unknown member, which is always the last one
                : rest[0] == '[' ? rest.IndexOf(']')
                : rest[1..].IndexOfAny('.', '[') is var next && next < 0 ? rest.Length
                : next + 1;
            if (end < 0)
            {
                break;
            }

            place =
                isQuoted ? place.Member(rest[2..end].ToString())
                : rest[0] == '[' ? place.Item(int.Parse(rest[1..end], CultureInfo.InvariantCulture))
                : place.Member(rest[1..end].ToString());
            rest = rest[
                Math.Min(
                    rest.Length,
                    end
                        + (
                            isQuoted ? 2
                            : rest[0] == '[' ? 1
                            : 0
                        )
                )..
            ];
        }

        return place;
    }

    /// <summary>The type inside an optional or nullable type.</summary>
    public static Type Unwrapped(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() is var open && (open == typeof(Optional<>) || open == typeof(Nullable<>))
            ? Unwrapped(type.GetGenericArguments()[0])
            : type;

    /// <summary>The element type of a list; <c>null</c> if the type is not a list.</summary>
    public static Type? ElementOf(Type asked)
    {
        var type = Unwrapped(asked);
        return type == typeof(CredentialPermissions) ? typeof(Permission)
            : type.IsArray ? type.GetElementType()
            : type.IsGenericType && type.GetGenericArguments() is [var element] ? element
            : null;
    }

    public static JsonTypeInfo? InfoOf(Type type) => TokenryJson.Strict.TryGetTypeInfo(Unwrapped(type), out var info) ? info : null;

    private BodyPlace Member(string name) =>
        new(
            Below(name),
            name,
            Type,
            Type is null ? null : InfoOf(Type)?.Properties.FirstOrDefault(property => property.Name == name)?.PropertyType,
            Value is { ValueKind: JsonValueKind.Object } value && value.TryGetProperty(name, out var found) ? found : null
        );

    private BodyPlace Item(int index) =>
        new(
            $"{Path}[{index.ToString(CultureInfo.InvariantCulture)}]",
            Name,
            Parent,
            Type is null ? null : ElementOf(Type),
            Value is { ValueKind: JsonValueKind.Array } value && index < value.GetArrayLength() ? value[index] : null
        );
}
