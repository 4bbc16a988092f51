using System.Globalization;
using System.Text;
using QRCoder;

namespace Tokenry.Server.Platform.Console;

/// <summary>
/// A QR code (ISO/IEC 18004) as the path of an SVG element in the page itself: the policy of the pages takes no picture from a <c>data:</c> address, and an
/// address of its own would name a secret.
/// </summary>
/// <param name="Size">Width and height in modules, with the quiet zone.</param>
/// <param name="Path">The dark modules.</param>
public sealed record QrPicture(int Size, string Path)
{
    public static QrPicture Of(string text)
    {
        using var data = QRCodeGenerator.GenerateQrCode(text, QRCodeGenerator.ECCLevel.M);
        var rows = data.ModuleMatrix;
        var path = new StringBuilder();
        for (var y = 0; y < rows.Count; y++)
        {
            for (var x = 0; x < rows[y].Length; x++)
            {
                var start = x;
                while (x < rows[y].Length && rows[y][x])
                {
                    x++;
                }

                if (x > start)
                {
                    path.Append(CultureInfo.InvariantCulture, $"M{start} {y}h{x - start}v1h-{x - start}z");
                }
            }
        }

        return new QrPicture(rows.Count, path.ToString());
    }
}
