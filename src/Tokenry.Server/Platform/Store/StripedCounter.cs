namespace Tokenry.Server.Platform.Store;

/// <summary>A counter for the hottest paths: each processor has its own cell in its own cache line, and a read adds the cells.</summary>
internal sealed class StripedCounter
{
    private const int CellsPerLine = 16; // 128 bytes: processors fetch lines in pairs

    private readonly long[] cells;
    private readonly int mask;

    public StripedCounter()
    {
        var stripes = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Min(Environment.ProcessorCount, 64));
        mask = stripes - 1;
        cells = new long[(stripes + 1) * CellsPerLine];
    }

    public void Increment() => Interlocked.Increment(ref cells[((Thread.GetCurrentProcessorId() & mask) + 1) * CellsPerLine]);

    public long Value
    {
        get
        {
            var sum = 0L;
            for (var cell = CellsPerLine; cell < cells.Length; cell += CellsPerLine)
            {
                sum += Interlocked.Read(ref cells[cell]);
            }

            return sum;
        }
    }
}
